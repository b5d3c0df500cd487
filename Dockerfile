# docker build --tag unroot . && docker run --rm --volume "$PWD:/work" unroot
FROM node:22-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsdown.config.ts ./
COPY src src
COPY transforms transforms
RUN npx tsdown --filter program

FROM node:22-slim
# All packages are bundled.
COPY package.json LICENSE /opt/unroot/
COPY --from=build /src/dist /opt/unroot/dist
WORKDIR /work
USER 1000:1000
ENTRYPOINT ["node", "/opt/unroot/dist/cli.js"]
