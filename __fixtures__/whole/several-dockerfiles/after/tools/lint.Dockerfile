FROM node:22-alpine
RUN npm install -g markdownlint-cli
RUN mkdir -p /work && chown 1000:1000 /work
WORKDIR /work
USER 1000:1000
ENTRYPOINT ["markdownlint"]
