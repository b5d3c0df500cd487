import { describe, expect, it } from 'vitest'
import type { BaseImage, ResolvedBaseImage } from '../src/image/base-image.ts'
import { baseImages, findBaseImage } from '../src/image/base-images/index.ts'

function find(reference: string): ResolvedBaseImage | undefined {
  const colon = reference.lastIndexOf(':')
  if (colon <= reference.lastIndexOf('/')) return findBaseImage({ name: reference, tag: undefined })
  return findBaseImage({ name: reference.slice(0, colon), tag: reference.slice(colon + 1) })
}

/** `uid:gid name`, with `?` for what the image does not pin. */
function account(image: ResolvedBaseImage | undefined): string {
  const found = image?.account
  if (!found) return 'none'
  return `${found.uid ?? '?'}:${found.gid ?? '?'} ${found.name ?? '-'}`
}

describe('the account and USER of known images', () => {
  const images: [reference: string, account: string, user: string | undefined, home?: string][] = [
    ['node', '1000:1000 node', undefined, '/home/node'],
    ['node:22-alpine', '1000:1000 node', undefined, '/home/node'],
    ['oven/bun:1', '1000:1000 bun', undefined, '/home/bun'],
    ['denoland/deno', '1993:1993 deno', undefined, '/home/deno'],
    ['denoland/deno:ubuntu', '1993:1993 deno', undefined],
    ['denoland/deno:alpine-2.0', '1000:1000 deno', undefined],
    ['nginx', '101:101 nginx', undefined, '/nonexistent'],
    ['nginx:1.29-alpine-slim', '101:101 nginx', undefined, '/var/cache/nginx'],
    ['nginxinc/nginx-unprivileged:stable', '101:101 nginx', '101'],
    ['httpd:2.4', '33:33 www-data', undefined, '/var/www'],
    ['httpd:2.4-alpine', '82:82 www-data', undefined, '/home/www-data'],
    ['php:8.4-apache', '33:33 www-data', undefined],
    ['php:8.4-fpm', '33:33 www-data', undefined],
    ['php:8.4-fpm-alpine', '82:82 www-data', undefined],
    ['php:8.4', '33:33 www-data', undefined],
    ['wordpress', '33:33 www-data', undefined],
    ['wordpress:fpm-alpine', '82:82 www-data', undefined],
    ['wordpress:cli', '82:82 www-data', 'www-data'],
    ['nextcloud', '33:33 www-data', undefined],
    ['drupal:11', '33:33 www-data', undefined],
    ['joomla', '33:33 www-data', undefined],
    ['phpmyadmin/phpmyadmin', '33:33 www-data', undefined],
    ['postgres:16', '999:999 postgres', undefined, '/var/lib/postgresql'],
    ['postgres:16-alpine', '70:70 postgres', undefined],
    ['redis:7', '999:999 redis', undefined],
    ['redis:7-alpine', '999:1000 redis', undefined],
    ['valkey/valkey:8', '999:999 valkey', undefined],
    ['valkey/valkey:8-alpine', '999:1000 valkey', undefined],
    ['mysql:8.4', '999:999 mysql', undefined, '/var/lib/mysql'],
    ['mariadb:11', '?:? mysql', undefined, '/var/lib/mysql'],
    ['mariadb:11-ubi', '?:? mysql', 'mysql'],
    ['mongo:7', '999:999 mongodb', undefined, '/data/db'],
    ['rabbitmq:4', '999:999 rabbitmq', undefined, '/var/lib/rabbitmq'],
    ['rabbitmq:4-management-alpine', '100:101 rabbitmq', undefined],
    ['memcached:1', '11211:11211 memcache', 'memcache'],
    ['haproxy:3.0', '99:99 haproxy', 'haproxy', '/var/lib/haproxy'],
    ['haproxy:2.3', 'none', undefined],
    ['cassandra:5.0', '999:999 cassandra', undefined],
    ['neo4j:5', '7474:7474 neo4j', undefined, '/var/lib/neo4j'],
    ['zookeeper:3.9', '1000:1000 zookeeper', undefined],
    ['influxdb:1.11', '1500:1500 influxdb', 'influxdb', '/var/lib/influxdb'],
    ['influxdb:2.7', '1000:1000 influxdb', undefined, '/home/influxdb'],
    ['influxdb', '1500:1500 influxdb3', 'influxdb3'],
    ['influxdb:3-core', '1500:1500 influxdb3', 'influxdb3', '/home/influxdb3'],
    ['telegraf:1.34', '?:? telegraf', undefined],
    ['eclipse-mosquitto:2', '1883:1883 mosquitto', undefined, '/var/empty'],
    ['jenkins/jenkins:lts', '1000:1000 jenkins', 'jenkins', '/var/jenkins_home'],
    ['elasticsearch:8.17.0', '1000:1000 elasticsearch', '1000:0', '/usr/share/elasticsearch'],
    ['docker.elastic.co/elasticsearch/elasticsearch:9.0.0', '1000:1000 elasticsearch', '1000:0'],
    ['kibana:8.17.0', '1000:1000 kibana', '1000', '/usr/share/kibana'],
    ['docker.elastic.co/beats/filebeat:8.15.3', '1000:1000 filebeat', 'filebeat', '/usr/share/filebeat'],
    ['docker.elastic.co/beats/elastic-agent:8.15.3', '1000:1000 elastic-agent', 'elastic-agent'],
    ['docker.elastic.co/logstash/logstash:8.17.0', '1000:1000 logstash', '1000', '/usr/share/logstash'],
    ['opensearchproject/opensearch:2', '1000:1000 opensearch', '1000', '/usr/share/opensearch'],
    ['opensearchproject/opensearch-dashboards:2', '1000:1000 opensearch-dashboards', '1000'],
    ['solr:9', '8983:8983 solr', '8983'],
    ['sonarqube:10-community', '1000:0 sonarqube', 'sonarqube'],
    ['sonatype/nexus3', '?:? nexus', 'nexus'],
    ['grafana/grafana:11.0.0', '472:0 grafana', '472', '/home/grafana'],
    ['prom/prometheus:v3.0.0', '65534:65534 nobody', 'nobody'],
    ['prom/alertmanager', '65534:65534 nobody', 'nobody'],
    ['prom/node-exporter', '65534:65534 nobody', 'nobody'],
    ['prom/pushgateway', '65534:65534 nobody', '65534'],
    ['prom/statsd-exporter', '65534:65534 nobody', '65534'],
    ['prom/blackbox-exporter', 'none', undefined],
    ['otel/opentelemetry-collector', '10001:10001 -', '10001:10001'],
    ['otel/opentelemetry-collector-contrib', '10001:10001 -', '10001:10001'],
    ['fluent/fluent-bit:3.0', 'none', '0'],
    ['envoyproxy/envoy:v1.31.0', '?:? envoy', undefined],
    ['envoyproxy/envoy:distroless-v1.31.0', 'none', '65532'],
    ['kong:3', '?:? kong', 'kong'],
    ['quay.io/keycloak/keycloak:26.0', '1000:0 keycloak', '1000', '/opt/keycloak'],
    ['open-liberty', '1001:0 default', '1001'],
    ['jetty:12', '999:999 jetty', 'jetty'],
    ['apache/airflow:2.10.0', '50000:0 airflow', '50000', '/home/airflow'],
    ['apache/superset', '?:? superset', 'superset', '/app/superset_home'],
    ['apache/kafka', '1000:1000 appuser', 'appuser', '/home/appuser'],
    ['confluentinc/cp-schema-registry:7.6.0', '1000:1000 appuser', 'appuser'],
    ['jupyter/base-notebook', '1000:100 jovyan', '1000', '/home/jovyan'],
    ['quay.io/jupyter/scipy-notebook', '1000:100 jovyan', '1000'],
    ['selenium/standalone-chrome:4', '1200:1201 seluser', '1200:1201', '/home/seluser'],
    ['mcr.microsoft.com/playwright:v1.50.0-noble', '1001:1001 pwuser', undefined, '/home/pwuser'],
    ['mcr.microsoft.com/playwright/python:v1.40.0-jammy', '1000:1000 pwuser', undefined],
    ['n8nio/n8n', '1000:1000 node', 'node', '/home/node'],
    ['odoo:17.0', '?:? odoo', 'odoo'],
    ['adminer', '?:? adminer', 'adminer'],
    ['varnish:7', '?:? varnish', 'varnish'],
    ['gitea/gitea:1.22', '1000:1000 git', undefined, '/data/git'],
    ['gitea/gitea:1.22-rootless', '1000:1000 git', '1000:1000'],
    ['rocker/rstudio:4', '?:? rstudio', undefined, '/home/rstudio'],
    ['r-base:4.4.0', '?:? docker', undefined],
    ['mcr.microsoft.com/dotnet/aspnet:8.0', '1654:1654 app', undefined, '/home/app'],
    ['mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra', '1654:1654 app', '1654'],
    ['mcr.microsoft.com/dotnet/runtime-deps:8.0-cbl-mariner-distroless', '1654:1654 app', '1654'],
    ['mcr.microsoft.com/dotnet/runtime:8.0-nanoserver-ltsc2022', '1654:1654 app', 'ContainerUser'],
    ['mcr.microsoft.com/dotnet/sdk:9.0', '1654:1654 app', undefined],
    ['mcr.microsoft.com/dotnet/aspnet:6.0', 'none', undefined],
    ['mcr.microsoft.com/dotnet/aspnet:6.0-jammy-chiseled', '101:101 app', 'app'],
    ['ubuntu:24.04', '1000:1000 ubuntu', undefined, '/home/ubuntu'],
    ['ubuntu:22.04', 'none', undefined],
    ['gradle:8-jdk21', '1000:1000 gradle', 'root', '/home/gradle'],
    ['gradle:8-jdk21-ubi9', '101:101 gradle', 'root'],
    ['amazoncorretto:21', 'none', undefined],
    ['openjdk:17', 'none', undefined],
    ['eclipse-temurin:21-jre-alpine', 'none', undefined],
    ['maven:3.9-eclipse-temurin-17-alpine', 'none', undefined],
    ['tomcat:10.1-jdk17-temurin-jammy', 'none', undefined],
    ['python:3.12-slim', 'none', undefined],
    ['golang:1.24', 'none', undefined],
    ['ruby:3.4', 'none', undefined],
    ['rust:1', 'none', undefined],
    ['perl:5', 'none', undefined],
    ['debian:bookworm-slim', 'none', undefined],
    ['alpine:3.22', 'none', undefined],
    ['buildpack-deps:bookworm', 'none', undefined],
    ['minio/minio', 'none', undefined],
    ['nats', 'none', undefined],
    ['traefik:v3.0', 'none', undefined],
    ['registry:2', 'none', undefined],
    ['ghcr.io/astral-sh/uv', 'none', undefined],
    ['caddy:2', 'none', undefined],
    ['gcr.io/distroless/static-debian12', '65532:65532 nonroot', '0', '/home/nonroot'],
    ['gcr.io/distroless/base-debian12:nonroot', '65532:65532 nonroot', '65532'],
    ['gcr.io/distroless/nodejs22-debian12:debug-nonroot', '65532:65532 nonroot', '65532'],
    ['cgr.dev/chainguard/node', '65532:65532 -', '65532'],
    ['cgr.dev/chainguard/go', 'none', undefined],
    ['cgr.dev/chainguard/bash', 'none', undefined],
    ['cgr.dev/chainguard/gcc-glibc', 'none', undefined],
    ['cgr.dev/chainguard/wolfi-base', 'none', undefined],
    ['cgr.dev/chainguard/apko', 'none', undefined],
    ['cgr.dev/chainguard/melange', 'none', undefined],
    ['cgr.dev/chainguard/postgres', '70:70 postgres', undefined],
    ['cgr.dev/chainguard/redis', '?:? redis', 'redis'],
    ['cgr.dev/chainguard/haproxy', '?:? haproxy', 'haproxy'],
    ['registry.access.redhat.com/ubi9/nodejs-20', '1001:0 default', '1001', '/opt/app-root/src'],
    ['registry.access.redhat.com/ubi8/python-39', '1001:0 default', '1001'],
    ['registry.access.redhat.com/ubi9/openjdk-17', '185:0 default', '185', '/home/default'],
    ['bitnami/postgresql:16', '1001:0 -', '1001'],
    ['bitnamilegacy/kafka', '1001:0 -', '1001'],
    ['bitnami/node:20', 'none', undefined],
    ['linuxserver/sonarr', '911:911 abc', undefined, '/config'],
    ['lscr.io/linuxserver/code-server', '911:911 abc', undefined],
    ['hashicorp/vault', '100:1000 vault', 'vault'],
    ['hashicorp/vault:1.18', '100:1000 vault', undefined],
    ['vault:1.13.3', '100:1000 vault', undefined],
    ['hashicorp/consul', '100:1000 consul', undefined],
    ['mambaorg/micromamba', '57439:57439 mambauser', 'mambauser'],
    ['mambaorg/micromamba:1.5.8', '1000:1000 mambauser', 'mambauser'],
    ['cimg/node:20.0', '3434:3434 circleci', 'circleci'],
    ['gitpod/workspace-full', '33333:33333 gitpod', 'gitpod'],
    ['ghcr.io/puppeteer/puppeteer', '10042:? pptruser', '10042'],
    ['jboss/wildfly', '1000:1000 jboss', 'jboss'],
    ['percona:8.0', '1001:1001 mysql', 'mysql'],
    ['graylog/graylog:5.0', '1100:1100 graylog', 'graylog', '/usr/share/graylog'],
    ['zabbix/zabbix-server-mysql:alpine-6.4-latest', '1997:1995 zabbix', '1997', '/var/lib/zabbix'],
    ['locustio/locust:2.20.0', '?:? locust', 'locust', '/home/locust'],
    ['ctfd/ctfd:3.5.1', '1001:1001 ctfd', '1001'],
    ['quay.io/strimzi/kafka:0.47.0-kafka-4.0.0', '1001:0 kafka', '1001', '/home/kafka'],
    ['quay.io/debezium/connect:2.1', '1001:1001 kafka', 'kafka', '/kafka'],
    ['quay.io/argoproj/argocd:v2.10.0', '999:999 argocd', '999', '/home/argocd'],
    ['renovate/renovate:37', '1000:? -', '1000'],
    ['coredns/coredns:1.11.1', '65532:65532 nonroot', '65532:65532'],
    ['mattermost/mattermost-team-edition:9.5', '2000:2000 mattermost', 'mattermost'],
    ['cm2network/steamcmd', '1000:? steam', 'steam'],
    ['cm2network/steamcmd:root', '1000:? steam', undefined],
    ['couchbase:community-7.0.0', '1000:1000 couchbase', undefined],
    ['itzg/minecraft-server:java21-alpine', '1000:1000 minecraft', undefined, '/data'],
    ['bash:5', 'none', undefined],
    ['openeuler/python:3.11', 'none', undefined]
  ]

  it.each(images)('%s: account %s, USER %s', (reference, expectedAccount, user, home) => {
    const image = find(reference)
    expect(image).toBeDefined()
    expect(account(image)).toBe(expectedAccount)
    expect(image?.user).toBe(user)
    if (home !== undefined) expect(image?.account?.home).toBe(home)
  })
})

describe('the distribution by tag', () => {
  it.each([
    ['node:22', 'debian'],
    ['node:22-alpine', 'alpine'],
    ['python:3.12-windowsservercore', 'windows'],
    ['scratch', 'none'],
    ['busybox', 'busybox'],
    ['rockylinux:9', 'rhel'],
    ['rockylinux:9-minimal', 'ubi-minimal'],
    ['redhat/ubi9-minimal', 'ubi-minimal'],
    ['registry.access.redhat.com/ubi9/ubi', 'rhel'],
    ['registry.access.redhat.com/ubi9/ubi-micro:9.4', 'ubi-micro'],
    ['amazonlinux:2023', 'amazonlinux'],
    ['opensuse/leap:15.6', 'suse'],
    ['eclipse-temurin:21-jdk', 'ubuntu'],
    ['eclipse-temurin:21-jdk-alpine', 'alpine'],
    ['eclipse-temurin:21-jdk-ubi9-minimal', 'ubi-minimal'],
    ['openjdk:17', 'rhel'],
    ['java:latest', 'debian'],
    ['openjdk:17-slim', 'debian'],
    ['openjdk:8-jre-alpine', 'alpine'],
    ['maven:3.9-amazoncorretto-21', 'amazonlinux'],
    ['mysql:8.4', 'rhel'],
    ['mysql:5.6', 'debian'],
    ['nvidia/cuda:12.4.1-runtime-ubi8', 'rhel'],
    ['nvidia/cuda:12.4.1-runtime-ubuntu22.04', 'ubuntu'],
    ['mcr.microsoft.com/dotnet/aspnet:8.0', 'debian'],
    ['mcr.microsoft.com/dotnet/aspnet:8.0-jammy', 'ubuntu'],
    ['mcr.microsoft.com/dotnet/aspnet:8.0-alpine3.20', 'alpine'],
    ['mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled', 'none'],
    ['mcr.microsoft.com/dotnet/aspnet:8.0-nanoserver-1809', 'windows'],
    ['gcr.io/distroless/static-debian12:debug', 'none'],
    ['ghcr.io/astral-sh/uv:python3.12-bookworm-slim', 'debian'],
    ['cgr.dev/chainguard/python:latest-dev', 'wolfi'],
    ['cgr.dev/chainguard/python', 'none'],
    ['mcr.microsoft.com/windows/servercore:ltsc2022', 'windows'],
    ['mcr.microsoft.com/devcontainers/base:alpine', 'alpine'],
    ['timescale/timescaledb:latest-pg16', 'alpine'],
    ['zabbix/zabbix-agent2:ubuntu-7.0-latest', 'ubuntu'],
    ['jrottenberg/ffmpeg:4.1-alpine', 'alpine'],
    ['jrottenberg/ffmpeg:6.0-ubuntu2204', 'ubuntu'],
    ['neurodebian:nd16.04', 'ubuntu'],
    ['quay.io/pypa/manylinux2014_x86_64', 'rhel'],
    ['quay.io/pypa/musllinux_1_2_x86_64', 'alpine'],
    ['base/archlinux', 'arch'],
    ['openeuler/openeuler:24.03-lts', 'ubi-micro']
  ])('%s is %s', (reference, distribution) => {
    expect(find(reference)?.distribution).toBe(distribution)
  })
})

describe('images that need root', () => {
  it.each([
    'lsiobase/alpine:3.10',
    'ghcr.io/home-assistant/amd64-base:3.19',
    'ghcr.io/hassio-addons/base/amd64:14.0.0',
    'plexinc/pms-docker',
    'sharelatex/sharelatex:4.1',
    'tutum/lamp',
    'pwn.red/jail:0.3.0',
    'gcr.io/kctf-docker/challenge',
    'gcr.io/oss-fuzz-base/base-builder-python'
  ])('%s says why', (reference) => expect(find(reference)?.needsRoot).toBeTypeOf('string'))
})

describe('services', () => {
  it('knows the ports of ASP.NET by version', () => {
    expect(find('mcr.microsoft.com/dotnet/aspnet:8.0')).toMatchObject({
      env: { ASPNETCORE_HTTP_PORTS: '8080', APP_UID: '1654' },
      ports: [8080]
    })
    expect(find('mcr.microsoft.com/dotnet/aspnet:7.0-alpine')).toMatchObject({
      env: { ASPNETCORE_URLS: 'http://+:80' },
      ports: [80]
    })
    expect(find('mcr.microsoft.com/dotnet/core/aspnet:3.1')?.ports).toEqual([80])
    expect(find('mcr.microsoft.com/dotnet/sdk:8.0')?.env).not.toHaveProperty('ASPNETCORE_HTTP_PORTS')
  })

  it('knows the entrypoint and command of nginx', () => {
    expect(find('nginx')).toMatchObject({
      service: 'nginx',
      entrypoint: ['/docker-entrypoint.sh'],
      cmd: ['nginx', '-g', 'daemon off;'],
      ports: [80]
    })
    expect(find('nginxinc/nginx-unprivileged')?.ports).toEqual([8080])
  })

  it('tells the flavours of PHP apart', () => {
    expect(find('php:8.4-apache')?.service).toBe('php-apache')
    expect(find('php:8.4-fpm-alpine')?.service).toBe('php-fpm')
    expect(find('php:8.4-alpine')).toMatchObject({ kind: 'toolchain', distribution: 'alpine' })
    expect(find('php:8.4-alpine')).not.toHaveProperty('service')
  })

  it.each([
    'postgres',
    'redis',
    'valkey/valkey',
    'mysql',
    'mariadb',
    'mongo',
    'rabbitmq',
    'cassandra',
    'neo4j',
    'zookeeper',
    'influxdb:2',
    'telegraf',
    'ghost',
    'redmine',
    'envoyproxy/envoy',
    'flink'
  ])('%s steps down, guarded', (reference) => {
    expect(find(reference)?.stepsDown?.guarded).toBe(true)
  })

  it.each(['hashicorp/consul', 'hashicorp/vault:1.18'])('%s does not start as another user', (reference) => {
    expect(find(reference)?.stepsDown?.guarded).toBe(false)
    expect(find(reference)?.needsRoot).toBeTruthy()
  })

  it.each([
    'linuxserver/sonarr',
    'gitea/gitea',
    'rocker/rstudio',
    'docker:28-dind',
    'phusion/baseimage',
    'gitlab/gitlab-ce'
  ])('%s needs root', (reference) => {
    expect(find(reference)?.needsRoot).toBeTruthy()
  })

  it('keeps the data directory of PostgreSQL before and after 18 apart', () => {
    expect(find('postgres:17')?.volumes).toEqual(['/var/lib/postgresql/data'])
    expect(find('postgres:18-alpine')?.volumes).toEqual(['/var/lib/postgresql'])
    expect(find('postgres')?.volumes).toEqual(['/var/lib/postgresql'])
  })

  it('says that Lambda chooses the user itself', () => {
    const image = find('public.ecr.aws/lambda/python:3.12')
    expect(image).toMatchObject({ kind: 'application', service: 'aws-lambda', distribution: 'amazonlinux' })
    expect(image?.needsRoot).toContain('Lambda')
  })
})

describe('an account that is nobody’s service', () => {
  it.each([
    'ubuntu',
    'ubuntu:24.04',
    'ubuntu:noble',
    'ubuntu:23.04',
    'ubuntu:plucky-20250101',
    'eclipse-temurin:21',
    'tomcat:10'
  ])('%s holds uid 1000 and is not reused', (reference) => {
    expect(find(reference)).toMatchObject({ account: { name: 'ubuntu', uid: 1000 }, reuseAccount: false })
  })

  it.each(['ubuntu:22.04', 'ubuntu:jammy', 'ubuntu:20.04', 'eclipse-temurin:17-jre-jammy'])(
    '%s has none',
    (reference) => {
      expect(find(reference)?.account).toBeUndefined()
    }
  )
})

describe('names', () => {
  it.each([
    'docker.io/library/node',
    'library/node',
    'index.docker.io/library/node',
    'registry.hub.docker.com/library/node',
    'mirror.gcr.io/library/node',
    'public.ecr.aws/docker/library/node',
    'arm64v8/node'
  ])('%s is node', (name) => {
    expect(findBaseImage({ name, tag: '22-alpine' })).toMatchObject({
      name: 'node',
      tag: '22-alpine',
      distribution: 'alpine'
    })
  })

  it('strips the registry of Docker Hub from other namespaces', () => {
    expect(findBaseImage({ name: 'docker.io/grafana/grafana', tag: undefined })?.name).toBe('grafana/grafana')
  })

  it.each([
    'registry.example.com/team/node',
    'registry.example.com/library/node',
    'ghcr.io/owner/nginx',
    'mynode',
    'node/extra',
    'public.ecr.aws/docker/node',
    'gcr.io/distroless/a/b',
    ''
  ])('%s is unknown', (name) => {
    expect(findBaseImage({ name, tag: 'latest' })).toBeUndefined()
  })

  it('keeps a missing tag missing and treats it as latest', () => {
    const image = findBaseImage({ name: 'ubuntu', tag: undefined })
    expect(image?.tag).toBeUndefined()
    expect(image?.account?.name).toBe('ubuntu')
  })

  it('leaves nothing in the result that still depends on the tag', () => {
    const image = find('mcr.microsoft.com/dotnet/aspnet:8.0-alpine')
    for (const key of ['names', 'distributionByTag', 'accountByTag', 'userByTag']) expect(image).not.toHaveProperty(key)
  })
})

describe('the rows', () => {
  const tags = [
    undefined,
    'latest',
    'alpine',
    'noble',
    'noble-x',
    '8.0',
    '6.0',
    '6.0-jammy-chiseled',
    'apache',
    'fpm',
    'cli',
    'rootless',
    'ubi',
    '3-core',
    '1.8',
    '1.11',
    '7.10.0',
    '2.3',
    '9.0',
    '9',
    '16',
    'distroless',
    'minimal',
    'nanoserver',
    '2017',
    'bookworm',
    '2.1-aspnetcore-runtime',
    '17-jdk-jammy',
    'builder',
    'fastcgi',
    '12.4.1-base-ubuntu24.04',
    'humble',
    '22',
    'onbuild',
    '0.10',
    '2.7-slim',
    '2.15.0-jupyter',
    'next-latest'
  ]

  it.each(baseImages.map((row): [string, BaseImage] => [row.names[0] ?? '', row]))(
    '%s can be reached by every name',
    (_, row) => {
      expect(row.names.length).toBeGreaterThan(0)
      for (const name of row.names) {
        const sample = name.replaceAll('*', '9')
        const reached = tags.some((tag) => {
          const found = findBaseImage({ name: sample, tag })
          return found?.name === sample && found.source === row.source && found.kind === row.kind
        })
        expect(reached, name).toBe(true)
      }
    }
  )

  it('has no second row behind one that takes every tag', () => {
    const closed = new Set<string>()
    for (const row of baseImages) {
      for (const name of row.names) {
        expect(closed.has(name), name).toBe(false)
        if (!row.tag) closed.add(name)
      }
    }
  })

  it('names its source, and uses stateless patterns', () => {
    for (const row of baseImages) {
      expect(row.source).toMatch(/\S/)
      const patterns = [
        row.tag,
        ...[...(row.distributionByTag ?? []), ...(row.accountByTag ?? []), ...(row.userByTag ?? [])].map(
          ([pattern]) => pattern
        )
      ]
      for (const pattern of patterns) expect(pattern?.flags ?? '').toBe('')
    }
  })

  it('has absolute paths and valid ports only', () => {
    for (const row of baseImages) {
      for (const path of [...(row.owned ?? []), ...(row.volumes ?? []), ...(row.workdir ? [row.workdir] : [])]) {
        expect(path, row.names[0]).toMatch(/^\/\S*$/)
      }
      for (const port of row.ports ?? []) expect(port > 0 && port < 65536, row.names[0]).toBe(true)
    }
  })
})
