FROM node:22-alpine
RUN npm install -g markdownlint-cli
WORKDIR /work
ENTRYPOINT ["markdownlint"]
