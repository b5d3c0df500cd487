// Writes realistic Dockerfiles of many kinds, the same ones for the same seed: node bench/generate.mjs <folder> [count]
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Mulberry32: small, and its numbers are the same on every machine. */
function createRandom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

function createDice(seed) {
  const random = createRandom(seed)
  const dice = {
    pick: (list) => list[Math.floor(random() * list.length)],
    chance: (probability) => random() < probability,
    some: (list, count) => Array.from({ length: count }, () => dice.pick(list)),
    between: (low, high) => low + Math.floor(random() * (high - low + 1))
  }
  return dice
}

const aptPackages = ['build-essential', 'curl', 'git', 'libpq-dev', 'ca-certificates', 'tini', 'ffmpeg', 'gettext']

const aptInstall = (dice) => {
  const names = [...new Set(dice.some(aptPackages, dice.between(1, 6)))].sort()
  const lines = names.map((name) => `        ${name} \\`).join('\n')
  return `RUN apt-get update && apt-get install -y --no-install-recommends \\\n${lines}\n    && rm -rf /var/lib/apt/lists/*\n`
}

const variables = ['LANG=C.UTF-8', 'TZ=Etc/UTC', 'LOG_LEVEL=info', 'APP_ENV=production', 'NODE_ENV=production']

const environment = (dice) => {
  const chosen = dice.some(variables, 3)
  return dice.chance(0.5) ? `ENV ${chosen.join(' \\\n    ')}\n` : chosen.map((name) => `ENV ${name}\n`).join('')
}

const labels = (dice) =>
  dice.chance(0.4)
    ? `LABEL org.opencontainers.image.title="service" \\\n      version="1.${dice.between(0, 20)}"\n`
    : ''

const kinds = [
  (dice) => `# syntax=docker/dockerfile:1
FROM python:3.${dice.between(9, 13)}-slim
${labels(dice)}${environment(dice)}WORKDIR /app
${aptInstall(dice)}COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
EXPOSE ${dice.pick([80, 5000, 8000])}
CMD ["gunicorn", "--bind", "0.0.0.0:${dice.pick([80, 5000, 8000])}", "app:app"]
`,
  (dice) => `FROM node:${dice.pick([18, 20, 22])}${dice.pick(['', '-alpine', '-slim'])} AS build
WORKDIR /usr/src/app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:${dice.pick([18, 20, 22])}-alpine
WORKDIR /usr/src/app
${environment(dice)}COPY --from=build /usr/src/app/dist ./dist
COPY --from=build /usr/src/app/node_modules ./node_modules
COPY package.json .
EXPOSE 3000
HEALTHCHECK --interval=30s CMD wget -qO- http://localhost:3000/health || exit 1
CMD ["node", "dist/main.js"]
`,
  (dice) => `FROM golang:1.${dice.between(20, 24)} AS builder
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags="-s -w" -o /out/server ./cmd/server

FROM ${dice.pick(['scratch', 'gcr.io/distroless/static-debian12', 'alpine:3.20'])}
COPY --from=builder /out/server /server
EXPOSE ${dice.pick([8080, 443, 9090])}
ENTRYPOINT ["/server"]
`,
  (dice) => `FROM nginx:${dice.pick(['1.27', '1.27-alpine', 'alpine'])}
COPY nginx.conf /etc/nginx/conf.d/default.conf
COPY dist/ /usr/share/nginx/html/
EXPOSE 80
CMD ["nginx", "-g", "daemon off;"]
`,
  (dice) => `FROM maven:3.9-eclipse-temurin-21 AS build
WORKDIR /build
COPY pom.xml .
RUN mvn -B dependency:go-offline
COPY src ./src
RUN mvn -B package -DskipTests

FROM eclipse-temurin:21-jre${dice.pick(['', '-alpine', '-jammy'])}
ARG JAR_FILE=target/app-${dice.between(0, 9)}.jar
WORKDIR /opt/app
COPY --from=build /build/\${JAR_FILE} app.jar
VOLUME /tmp
EXPOSE 8080
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=75", "-jar", "/opt/app/app.jar"]
`,
  (dice) => `FROM php:8.${dice.between(1, 4)}-${dice.pick(['fpm', 'apache', 'fpm-alpine'])}
${dice.chance(0.5) ? aptInstall(dice) : ''}RUN docker-php-ext-install pdo pdo_mysql opcache
COPY --from=composer:2 /usr/bin/composer /usr/bin/composer
WORKDIR /var/www/html
COPY . .
RUN composer install --no-dev --optimize-autoloader \\
    && chown -R www-data:www-data storage bootstrap/cache
`,
  (dice) => `FROM ruby:3.${dice.between(1, 3)}
${aptInstall(dice)}WORKDIR /rails
COPY Gemfile Gemfile.lock ./
RUN bundle install --jobs 4 && \\
    # the cache is large
    rm -rf /usr/local/bundle/cache

COPY . .
RUN bundle exec rake assets:precompile
EXPOSE 3000
CMD bundle exec rails server -b 0.0.0.0 -p 3000
`,
  (dice) => `FROM alpine:3.${dice.between(16, 21)}
RUN apk add --no-cache bash curl ${dice.pick(['jq', 'openssl', 'postgresql-client'])}
COPY entrypoint.sh /usr/local/bin/entrypoint.sh
RUN chmod +x /usr/local/bin/entrypoint.sh && mkdir -p /data /var/log/worker
VOLUME ["/data"]
ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]
CMD ["run", "--interval", "${dice.between(5, 60)}"]
`,
  (dice) => `FROM ubuntu:${dice.pick(['20.04', '22.04', '24.04'])}
ENV DEBIAN_FRONTEND=noninteractive
${aptInstall(dice)}${aptInstall(dice)}RUN <<EOF
set -eux
mkdir -p /srv/app/logs
curl -fsSL https://example.org/install-${dice.between(1, 9)}.sh -o /tmp/install.sh
sh /tmp/install.sh
EOF
ADD app.tar.gz /srv/app/
WORKDIR /srv/app
EXPOSE 22 80
CMD ./start.sh --port 80 >> logs/out.log 2>&1
`,
  (dice) => `FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build
WORKDIR /source
COPY *.csproj .
RUN dotnet restore
COPY . .
RUN dotnet publish -c Release -o /app --no-restore

FROM mcr.microsoft.com/dotnet/aspnet:8.0
WORKDIR /app
COPY --from=build /app .
ENV ASPNETCORE_URLS=http://+:${dice.pick([80, 8080])}
EXPOSE ${dice.pick([80, 8080])}
ENTRYPOINT ["dotnet", "Service${dice.between(1, 99)}.dll"]
`,
  (dice) => `FROM debian:bookworm-slim
RUN groupadd -r app && useradd -r -g app -u ${dice.between(1000, 2000)} app
${aptInstall(dice)}COPY --chown=app:app bin/ /usr/local/bin/
USER ${dice.pick(['app', '1001', 'app:app'])}
CMD ["/usr/local/bin/daemon"]
`,
  (dice) => `FROM rust:1.${dice.between(74, 84)}-slim AS builder
WORKDIR /usr/src
COPY Cargo.toml Cargo.lock ./
RUN mkdir src && echo "fn main() {}" > src/main.rs && cargo build --release
COPY src ./src
RUN touch src/main.rs && cargo build --release

FROM debian:bookworm-slim AS runtime
${aptInstall(dice)}COPY --from=builder /usr/src/target/release/app /usr/local/bin/app
${environment(dice)}EXPOSE ${dice.pick([80, 7878])}
STOPSIGNAL SIGINT
CMD ["app", "--listen", "0.0.0.0:${dice.pick([80, 7878])}"]
`
]

/** One Dockerfile; `index` decides its kind, the seed everything else. */
function generateDockerfile(index, seed) {
  const dice = createDice(seed * 100_003 + index)
  let text = kinds[index % kinds.length](dice)
  if (dice.chance(0.3) && !text.startsWith('#')) text = `# Built by the platform team, see the handbook.\n#\n${text}`
  if (dice.chance(0.05)) text = text.replaceAll('\n', '\r\n')
  return dice.chance(0.1) ? text.trimEnd() : text
}

/** Writes `count` Dockerfiles below a folder, with the files beside them that conversions look at. */
export function generate(folder, count = 1_000, seed = 20_240_229) {
  for (let index = 0; index < count; index++) {
    const service = path.join(folder, `team-${index % 40}`, `service-${index}`)
    mkdirSync(service, { recursive: true })
    const text = generateDockerfile(index, seed)
    writeFileSync(path.join(service, 'Dockerfile'), text)
    if (text.includes('entrypoint.sh'))
      writeFileSync(path.join(service, 'entrypoint.sh'), '#!/bin/sh\nset -e\nmkdir -p /data/state\nexec worker "$@"\n')
    if (text.includes('start.sh')) writeFileSync(path.join(service, 'start.sh'), '#!/bin/sh\nexec ./server "$@"\n')
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  generate(process.argv[2] ?? 'bench-files', Number(process.argv[3] ?? 1_000))
