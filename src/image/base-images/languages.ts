import type { BaseImage } from '../base-image.ts'
import { namedFlavours, nodeAccount, officialFlavours, ubuntuAccount, wwwData, wwwDataByTag } from './flavours.ts'

/** Tags of Java images whose default is Ubuntu noble, that name another system. */
const notNoble =
  /jammy|focal|bionic|xenial|alpine|ubi|centos|corretto|amazon|al20|windows|nanoserver|debian|bookworm|bullseye|buster|trixie|slim|openjdk|graal|sapmachine|zulu|liberica|semeru|ibmjava|oracle/

/** .NET 8 and later. */
const dotnet8 = /^(?:[89]|[1-9]\d)(?:\.|-|$)|^latest$/
/** .NET before 8, variants without a shell. */
const dotnetShellless = /chiseled|distroless/

const dotnetFlavours = [
  [/nanoserver|windowsservercore|windows/, 'windows'],
  [/alpine/, 'alpine'],
  [/chiseled|distroless/, 'none'],
  // No useradd and tdnf only; from 8 on the account is there.
  [/mariner|azurelinux/, 'ubi-micro'],
  [/noble|jammy|focal|bionic|xenial|^1\d/, 'ubuntu']
] as const
const dotnetUsers = [
  [/nanoserver/, 'ContainerUser'],
  [/chiseled|distroless/, '1654']
] as const

// biome-ignore format: one row per entry
export const languages: readonly BaseImage[] = [
  // JavaScript
  { names: ['node'], distribution: 'debian', distributionByTag: officialFlavours, account: nodeAccount, entrypoint: ['docker-entrypoint.sh'], cmd: ['node'], owned: ['/home/node'], kind: 'toolchain', source: 'nodejs/docker-node 22/bookworm/Dockerfile' },
  { names: ['oven/bun', 'ghcr.io/oven-sh/bun'], tag: /distroless/, distribution: 'none', entrypoint: ['/usr/local/bin/bun'], kind: 'toolchain', source: 'oven-sh/bun dockerhub/distroless/Dockerfile' },
  { names: ['oven/bun', 'ghcr.io/oven-sh/bun'], distribution: 'debian', distributionByTag: officialFlavours, account: { name: 'bun', uid: 1000, gid: 1000, home: '/home/bun' }, workdir: '/home/bun/app', entrypoint: ['/usr/local/bin/docker-entrypoint.sh'], cmd: ['/usr/local/bin/bun'], owned: ['/home/bun'], kind: 'toolchain', source: 'oven-sh/bun dockerhub/debian/Dockerfile' },
  { names: ['denoland/deno'], tag: /distroless|^bin/, distribution: 'none', env: { DENO_DIR: '/deno-dir/' }, kind: 'toolchain', source: 'denoland/deno_docker distroless.dockerfile' },
  { names: ['denoland/deno'], distribution: 'debian', distributionByTag: [[/alpine/, 'alpine'], [/ubuntu/, 'ubuntu'], [/centos/, 'rhel']], account: { name: 'deno', uid: 1993, gid: 1993, home: '/home/deno' }, accountByTag: [[/alpine/, { name: 'deno', uid: 1000, gid: 1000, home: '/home/deno' }]], env: { DENO_DIR: '/deno-dir/' }, entrypoint: ['/tini', '--', 'docker-entrypoint.sh'], cmd: ['run', 'https://examples.deno.land/hello-world.ts'], owned: ['/deno-dir'], kind: 'toolchain', source: 'denoland/deno_docker debian.dockerfile' },
  { names: ['mhart/alpine-node'], distribution: 'alpine', cmd: ['node'], kind: 'toolchain', source: 'mhart/alpine-node Dockerfile' },

  // Python
  { names: ['python', 'pypy'], distribution: 'debian', distributionByTag: officialFlavours, cmd: ['python3'], kind: 'toolchain', source: 'docker-library/python 3.12/bookworm/Dockerfile' },
  { names: ['ghcr.io/astral-sh/uv', 'astral/uv'], tag: /alpine|trixie|bookworm|bullseye|debian/, distribution: 'debian', distributionByTag: [[/alpine/, 'alpine']], entrypoint: [], cmd: ['/usr/local/bin/uv'], kind: 'toolchain', source: 'astral-sh/uv .github/workflows/build-docker.yml' },
  { names: ['ghcr.io/astral-sh/uv', 'astral/uv'], distribution: 'none', entrypoint: ['/uv'], kind: 'toolchain', source: 'astral-sh/uv Dockerfile' },
  { names: ['continuumio/miniconda3', 'continuumio/anaconda3', 'continuumio/miniconda', 'continuumio/anaconda'], distribution: 'debian', distributionByTag: [[/alpine/, 'alpine']], cmd: ['/bin/bash'], kind: 'toolchain', source: 'anaconda/docker-images miniconda3/debian/Dockerfile' },
  // `USER $MAMBA_USER`; the uid was 1000 in micromamba 0 and 1.
  { names: ['mambaorg/micromamba', 'ghcr.io/mamba-org/micromamba'], distribution: 'debian', distributionByTag: namedFlavours, account: { name: 'mambauser', uid: 57439, gid: 57439, home: '/home/mambauser' }, accountByTag: [[/^(?:git-[^-]+-)?[01]\./, { name: 'mambauser', uid: 1000, gid: 1000, home: '/home/mambauser' }]], user: 'mambauser', workdir: '/tmp', env: { MAMBA_USER: 'mambauser', MAMBA_ROOT_PREFIX: '/opt/conda' }, entrypoint: ['/usr/local/bin/_entrypoint.sh'], cmd: ['/bin/bash'], owned: ['/home/mambauser', '/opt/conda'], kind: 'toolchain', source: 'mamba-org/micromamba-docker debian.Dockerfile' },
  { names: ['condaforge/*', 'quay.io/condaforge/*'], distribution: 'ubuntu', distributionByTag: [[/alma|centos/, 'rhel']], entrypoint: ['tini', '--'], cmd: ['/bin/bash'], kind: 'toolchain', source: 'conda-forge/miniforge-images ubuntu/Dockerfile' },
  // The start scripts read PORT and fall back to 80: docker-images/gunicorn_conf.py.
  { names: ['tiangolo/uvicorn-gunicorn', 'tiangolo/uvicorn-gunicorn-fastapi', 'tiangolo/uvicorn-gunicorn-starlette', 'tiangolo/uvicorn-gunicorn-machine-learning'], distribution: 'debian', distributionByTag: officialFlavours, workdir: '/app', env: { PORT: '80' }, cmd: ['/start.sh'], ports: [80], kind: 'application', runsAsAnyUser: true, service: 'gunicorn', source: 'tiangolo/uvicorn-gunicorn-docker docker-images/gunicorn_conf.py' },
  { names: ['tiangolo/meinheld-gunicorn', 'tiangolo/meinheld-gunicorn-flask'], distribution: 'debian', distributionByTag: officialFlavours, workdir: '/app', env: { PORT: '80' }, entrypoint: ['/entrypoint.sh'], cmd: ['/start.sh'], ports: [80], kind: 'application', runsAsAnyUser: true, service: 'gunicorn', source: 'tiangolo/meinheld-gunicorn-docker docker-images' },
  { names: ['tiangolo/uwsgi-nginx', 'tiangolo/uwsgi-nginx-flask'], distribution: 'debian', distributionByTag: officialFlavours, workdir: '/app', env: { LISTEN_PORT: '80' }, entrypoint: ['/entrypoint.sh'], cmd: ['/start.sh'], ports: [80, 443], needsRoot: 'supervisord starts nginx and uWSGI as root', kind: 'application', service: 'supervisord', source: 'tiangolo/uwsgi-nginx-docker docker-images' },
  { names: ['tiangolo/node-frontend'], distribution: 'debian', account: nodeAccount, kind: 'toolchain', source: 'tiangolo/node-frontend Dockerfile' },
  { names: ['rasa/rasa', 'rasa/rasa-sdk'], distribution: 'debian', user: '1001', workdir: '/app', entrypoint: ['rasa'], cmd: ['--help'], ports: [5005], kind: 'application', source: 'RasaHQ/rasa Dockerfile' },

  // Machine learning
  { names: ['nvidia/cuda', 'nvcr.io/nvidia/cuda'], tag: /ubuntu(?:2[4-9]|23)\./, distribution: 'ubuntu', account: ubuntuAccount, reuseAccount: false, cmd: ['/bin/bash'], kind: 'toolchain', source: 'nvidia/container-images/cuda dist/*/ubuntu2404' },
  { names: ['nvidia/cuda', 'nvcr.io/nvidia/cuda', 'nvidia/cudagl', 'nvidia/opengl'], distribution: 'ubuntu', distributionByTag: [[/rocky|centos|ubi|oracle/, 'rhel'], [/sles|leap/, 'suse']], cmd: ['/bin/bash'], kind: 'toolchain', source: 'nvidia/container-images/cuda dist' },
  { names: ['nvcr.io/nvidia/*', 'rocm/*'], distribution: 'ubuntu', distributionByTag: [[/rocky|centos|ubi|alma/, 'rhel']], kind: 'toolchain', source: 'NVIDIA NGC and ROCm images on Ubuntu' },
  { names: ['tensorflow/tensorflow'], tag: /jupyter/, distribution: 'ubuntu', workdir: '/tf', cmd: ['bash', '-c', 'source /etc/bash.bashrc && jupyter notebook --notebook-dir=/tf --ip 0.0.0.0 --no-browser --allow-root'], ports: [8888], kind: 'application', service: 'jupyter', source: 'tensorflow/tensorflow tensorflow/tools/dockerfiles/partials/jupyter.partial.Dockerfile' },
  { names: ['tensorflow/tensorflow'], distribution: 'ubuntu', cmd: ['/bin/bash'], kind: 'toolchain', source: 'tensorflow/build tensorflow_runtime_dockerfiles' },
  { names: ['pytorch/torchserve'], distribution: 'ubuntu', account: { name: 'model-server', home: '/home/model-server' }, user: 'model-server', workdir: '/home/model-server', entrypoint: ['/usr/local/bin/dockerd-entrypoint.sh'], cmd: ['serve'], ports: [8080, 8081, 8082, 7070, 7071], kind: 'application', service: 'torchserve', source: 'pytorch/serve docker/Dockerfile' },
  { names: ['tensorflow/serving'], distribution: 'ubuntu', entrypoint: ['/usr/bin/tf_serving_entrypoint.sh'], ports: [8500, 8501], kind: 'application', runsAsAnyUser: true, source: 'tensorflow/serving tensorflow_serving/tools/docker/Dockerfile' },
  { names: ['pytorch/pytorch'], distribution: 'ubuntu', workdir: '/workspace', cmd: ['/bin/bash'], kind: 'toolchain', source: 'pytorch/pytorch Dockerfile' },
  { names: ['huggingface/transformers-*', 'huggingface/*-gpu', 'huggingface/accelerate-*'], distribution: 'ubuntu', kind: 'toolchain', source: 'huggingface/transformers docker/*/Dockerfile' },
  { names: ['ghcr.io/huggingface/text-generation-inference', 'ghcr.io/huggingface/text-embeddings-inference'], distribution: 'ubuntu', env: { PORT: '80' }, ports: [80], kind: 'application', source: 'huggingface/text-generation-inference Dockerfile' },
  { names: ['vllm/vllm-openai'], distribution: 'ubuntu', ports: [8000], kind: 'application', source: 'vllm-project/vllm docker/Dockerfile' },
  { names: ['ollama/ollama'], distribution: 'ubuntu', entrypoint: ['/bin/ollama'], cmd: ['serve'], ports: [11434], kind: 'application', source: 'ollama/ollama Dockerfile' },
  { names: ['jupyterhub/jupyterhub', 'quay.io/jupyterhub/jupyterhub'], distribution: 'ubuntu', workdir: '/srv/jupyterhub', cmd: ['jupyterhub'], ports: [8000], kind: 'application', source: 'jupyterhub/jupyterhub Dockerfile' },
  { names: ['jupyter/*', 'quay.io/jupyter/*'], distribution: 'ubuntu', account: { name: 'jovyan', uid: 1000, gid: 100, group: 'users', home: '/home/jovyan' }, user: '1000', workdir: '/home/jovyan', env: { HOME: '/home/jovyan', NB_USER: 'jovyan', NB_UID: '1000', NB_GID: '100' }, entrypoint: ['tini', '-g', '--', 'start.sh'], cmd: ['start-notebook.py'], ports: [8888], owned: ['/home/jovyan', '/opt/conda'], kind: 'application', source: 'jupyter/docker-stacks images/docker-stacks-foundation/Dockerfile' },

  // Go, Rust, C
  { names: ['golang'], distribution: 'debian', distributionByTag: officialFlavours, workdir: '/go', cmd: ['bash'], kind: 'toolchain', source: 'docker-library/golang 1.24/bookworm/Dockerfile' },
  { names: ['rust', 'rustlang/rust', 'lukemathwalker/cargo-chef'], distribution: 'debian', distributionByTag: officialFlavours, cmd: ['bash'], kind: 'toolchain', source: 'rust-lang/docker-rust stable/bookworm/Dockerfile' },
  { names: ['ekidd/rust-musl-builder'], distribution: 'ubuntu', account: { name: 'rust', uid: 1000, gid: 1000, home: '/home/rust' }, user: 'rust', workdir: '/home/rust/src', kind: 'toolchain', source: 'emk/rust-musl-builder Dockerfile' },
  { names: ['clux/muslrust', 'messense/rust-musl-cross', 'ghcr.io/rust-cross/*'], distribution: 'ubuntu', kind: 'toolchain', source: 'clux/muslrust, rust-cross/rust-musl-cross Dockerfiles' },
  { names: ['gcc', 'silkeh/clang'], distribution: 'debian', cmd: ['bash'], kind: 'toolchain', source: 'docker-library/gcc 14/Dockerfile' },
  { names: ['emscripten/emsdk'], distribution: 'ubuntu', account: { name: 'emscripten', uid: 1000, gid: 1000, home: '/home/emscripten' }, workdir: '/src', entrypoint: ['/emsdk/docker/entrypoint.sh'], kind: 'toolchain', source: 'emscripten-core/emsdk docker/Dockerfile' },

  // Ruby, Perl, PHP
  { names: ['ruby', 'jruby'], distribution: 'debian', distributionByTag: officialFlavours, env: { GEM_HOME: '/usr/local/bundle' }, cmd: ['irb'], kind: 'toolchain', source: 'docker-library/ruby 3.4/bookworm/Dockerfile' },
  { names: ['perl'], distribution: 'debian', workdir: '/usr/src/app', cmd: ['perl5', '-de0'], kind: 'toolchain', source: 'Perl/docker-perl Dockerfile' },
  { names: ['php'], tag: /apache/, distribution: 'debian', account: wwwData, workdir: '/var/www/html', env: { APACHE_CONFDIR: '/etc/apache2' }, entrypoint: ['docker-php-entrypoint'], cmd: ['apache2-foreground'], ports: [80], owned: ['/var/www/html', '/var/lock/apache2', '/var/run/apache2', '/var/log/apache2'], kind: 'application', service: 'php-apache', source: 'docker-library/php 8.4/bookworm/apache/Dockerfile' },
  { names: ['php'], tag: /fpm/, distribution: 'debian', distributionByTag: officialFlavours, account: wwwData, accountByTag: wwwDataByTag, workdir: '/var/www/html', entrypoint: ['docker-php-entrypoint'], cmd: ['php-fpm'], ports: [9000], owned: ['/var/www/html'], kind: 'application', service: 'php-fpm', source: 'docker-library/php 8.4/bookworm/fpm/Dockerfile' },
  { names: ['php'], distribution: 'debian', distributionByTag: officialFlavours, account: wwwData, accountByTag: wwwDataByTag, entrypoint: ['docker-php-entrypoint'], cmd: ['php', '-a'], owned: ['/var/www/html'], kind: 'toolchain', source: 'docker-library/php 8.4/bookworm/cli/Dockerfile' },
  { names: ['dunglas/frankenphp'], distribution: 'debian', distributionByTag: officialFlavours, account: wwwData, accountByTag: wwwDataByTag, workdir: '/app', env: { XDG_CONFIG_HOME: '/config', XDG_DATA_HOME: '/data' }, entrypoint: ['docker-php-entrypoint'], cmd: ['--config', '/etc/frankenphp/Caddyfile', '--adapter', 'caddyfile'], ports: [80, 443, 2019], kind: 'application', service: 'frankenphp', source: 'dunglas/frankenphp Dockerfile' },
  { names: ['composer', 'composer/composer'], distribution: 'alpine', account: { name: 'www-data', uid: 82, gid: 82, home: '/home/www-data' }, workdir: '/app', env: { COMPOSER_HOME: '/tmp' }, entrypoint: ['/docker-entrypoint.sh'], cmd: ['composer'], kind: 'toolchain', source: 'composer/docker latest/Dockerfile' },
  { names: ['serversideup/php'], distribution: 'debian', distributionByTag: officialFlavours, account: wwwData, accountByTag: wwwDataByTag, user: 'www-data', workdir: '/var/www/html', ports: [8080, 8443], owned: ['/var/www/html'], kind: 'application', source: 'serversideup/docker-php src/variations' },
  { names: ['trafex/php-nginx', 'trafex/alpine-nginx-php7'], distribution: 'alpine', account: { name: 'nobody', uid: 65534, gid: 65534 }, user: 'nobody', workdir: '/var/www/html', cmd: ['/usr/bin/supervisord', '-c', '/etc/supervisor/conf.d/supervisord.conf'], ports: [8080], kind: 'application', source: 'TrafeX/docker-php-nginx Dockerfile' },
  { names: ['webdevops/*'], distribution: 'debian', distributionByTag: namedFlavours, account: { name: 'application', uid: 1000, gid: 1000, home: '/home/application' }, entrypoint: ['/entrypoint'], cmd: ['supervisord'], needsRoot: 'its entrypoint and supervisord start the services as root', kind: 'application', service: 'supervisord', source: 'webdevops/Dockerfile docker/base' },
  { names: ['richarvey/nginx-php-fpm', 'wyveo/nginx-php-fpm'], distribution: 'alpine', cmd: ['/start.sh'], ports: [80, 443], needsRoot: 'supervisord starts nginx and php-fpm as root', kind: 'application', service: 'supervisord', source: 'richarvey/nginx-php-fpm Dockerfile' },
  { names: ['thecodingmachine/php'], distribution: 'ubuntu', account: { name: 'docker', uid: 1000, gid: 1000, home: '/home/docker' }, user: 'docker', workdir: '/var/www/html', entrypoint: ['/usr/local/bin/docker-entrypoint.sh'], kind: 'application', source: 'thecodingmachine/docker-images-php Dockerfile' },

  // Java
  { names: ['eclipse-temurin'], tag: notNoble, distribution: 'ubuntu', distributionByTag: namedFlavours, entrypoint: ['/__cacert_entrypoint.sh'], cmd: ['jshell'], kind: 'toolchain', source: 'adoptium/containers 21/jre/ubuntu/jammy/Dockerfile' },
  { names: ['eclipse-temurin'], distribution: 'ubuntu', account: ubuntuAccount, reuseAccount: false, entrypoint: ['/__cacert_entrypoint.sh'], cmd: ['jshell'], kind: 'toolchain', source: 'adoptium/containers 21/jre/ubuntu/noble/Dockerfile' },
  { names: ['amazoncorretto', 'public.ecr.aws/amazoncorretto/amazoncorretto'], distribution: 'amazonlinux', distributionByTag: [[/alpine/, 'alpine'], [/debian/, 'debian']], kind: 'toolchain', source: 'corretto/corretto-docker 21/jdk/al2023/Dockerfile' },
  // Ended in 2016, before the tags without a distribution became Oracle Linux.
  { names: ['java'], distribution: 'debian', distributionByTag: [[/alpine/, 'alpine']], cmd: ['/bin/bash'], kind: 'toolchain', source: 'docker-library/java 8-jdk/Dockerfile' },
  { names: ['openjdk'], distribution: 'debian', distributionByTag: [[/windowsservercore|nanoserver/, 'windows'], [/alpine/, 'alpine'], [/slim|trixie|bookworm|bullseye|buster|stretch|jessie|sid/, 'debian'], [/^(?:1[2-9]|2\d)|oracle|latest/, 'rhel']], cmd: ['jshell'], kind: 'toolchain', source: 'docker-library/openjdk 17/jdk/oraclelinux8/Dockerfile' },
  { names: ['adoptopenjdk', 'adoptopenjdk/openjdk*', 'ibm-semeru-runtimes', 'ibmjava', 'sapmachine', 'azul/zulu-openjdk', 'icr.io/appcafe/ibm-semeru-runtimes'], distribution: 'ubuntu', distributionByTag: namedFlavours, kind: 'toolchain', source: 'ibmruntimes/semeru-containers, SAP/SapMachine-infrastructure, zulu-openjdk Dockerfiles' },
  { names: ['azul/zulu-openjdk-alpine', 'bellsoft/*-alpine', 'anapsix/alpine-java', 'azul/prime-alpine'], distribution: 'alpine', kind: 'toolchain', source: 'zulu-openjdk/zulu-openjdk, bell-sw/Liberica Dockerfiles' },
  { names: ['azul/zulu-openjdk-debian', 'bellsoft/*-debian'], distribution: 'debian', kind: 'toolchain', source: 'zulu-openjdk/zulu-openjdk, bell-sw/Liberica Dockerfiles' },
  { names: ['azul/zulu-openjdk-centos', 'bellsoft/*-centos'], distribution: 'rhel', kind: 'toolchain', source: 'zulu-openjdk/zulu-openjdk, bell-sw/Liberica Dockerfiles' },
  { names: ['ghcr.io/graalvm/*', 'container-registry.oracle.com/graalvm/*', 'container-registry.oracle.com/java/*'], distribution: 'rhel', kind: 'toolchain', source: 'graalvm/container Dockerfiles (oraclelinux slim)' },
  { names: ['mcr.microsoft.com/openjdk/jdk', 'mcr.microsoft.com/java/*'], distribution: 'ubuntu', distributionByTag: namedFlavours, kind: 'toolchain', source: 'microsoft/openjdk-docker docker' },
  { names: ['maven'], tag: notNoble, distribution: 'ubuntu', distributionByTag: [...namedFlavours, [/openjdk-(?:1[2-9]|2\d)|graal/, 'rhel'], [/openjdk|zulu/, 'debian']], env: { MAVEN_CONFIG: '/root/.m2' }, entrypoint: ['/usr/local/bin/mvn-entrypoint.sh'], cmd: ['mvn'], kind: 'toolchain', source: 'carlossg/docker-maven eclipse-temurin-17-alpine/Dockerfile' },
  { names: ['maven'], distribution: 'ubuntu', account: ubuntuAccount, reuseAccount: false, env: { MAVEN_CONFIG: '/root/.m2' }, entrypoint: ['/usr/local/bin/mvn-entrypoint.sh'], cmd: ['mvn'], kind: 'toolchain', source: 'carlossg/docker-maven eclipse-temurin-21/Dockerfile' },
  { names: ['gradle'], distribution: 'ubuntu', distributionByTag: [...namedFlavours, [/graal/, 'rhel']], account: { name: 'gradle', uid: 1000, gid: 1000, home: '/home/gradle' }, accountByTag: [[/ubi(?:9|10)/, { name: 'gradle', uid: 101, gid: 101, home: '/home/gradle' }]], user: 'root', workdir: '/home/gradle', cmd: ['gradle', '--version'], owned: ['/home/gradle'], volumes: ['/home/gradle/.gradle'], kind: 'toolchain', source: 'gradle/docker-gradle jdk21-noble/Dockerfile' },
  { names: ['sbtscala/scala-sbt', 'hseeberger/scala-sbt'], distribution: 'ubuntu', distributionByTag: [...namedFlavours, [/graal/, 'rhel'], [/openjdk/, 'debian']], account: { name: 'sbtuser', uid: 1001, gid: 1001, home: '/home/sbtuser' }, workdir: '/root', cmd: ['sbt'], kind: 'toolchain', source: 'sbt/docker-sbt eclipse-temurin/Dockerfile' },
  { names: ['mozilla/sbt'], distribution: 'debian', cmd: ['sbt'], kind: 'toolchain', source: 'mozilla/docker-sbt Dockerfile' },
  { names: ['clojure'], distribution: 'debian', distributionByTag: namedFlavours, cmd: ['clj'], kind: 'toolchain', source: 'Quantisan/docker-clojure target' },
  { names: ['groovy'], distribution: 'ubuntu', distributionByTag: namedFlavours, account: { name: 'groovy', uid: 1000, gid: 1000, home: '/home/groovy' }, user: 'groovy', workdir: '/home/groovy', cmd: ['groovysh'], kind: 'toolchain', source: 'groovy/docker-groovy jdk21/Dockerfile' },

  // .NET. From 8 on runtime-deps sets APP_UID and ASPNETCORE_HTTP_PORTS, sdk empties the latter.
  { names: ['mcr.microsoft.com/dotnet/aspnet', 'mcr.microsoft.com/dotnet/nightly/aspnet'], tag: dotnet8, distribution: 'debian', distributionByTag: dotnetFlavours, account: { name: 'app', uid: 1654, gid: 1654, home: '/home/app' }, userByTag: dotnetUsers, env: { APP_UID: '1654', ASPNETCORE_HTTP_PORTS: '8080' }, ports: [8080], kind: 'toolchain', service: 'aspnet', source: 'dotnet/dotnet-docker src/runtime-deps/8.0/bookworm-slim/amd64/Dockerfile' },
  { names: ['mcr.microsoft.com/dotnet/runtime', 'mcr.microsoft.com/dotnet/nightly/runtime', 'mcr.microsoft.com/dotnet/runtime-deps', 'mcr.microsoft.com/dotnet/nightly/runtime-deps', 'mcr.microsoft.com/dotnet/monitor', 'mcr.microsoft.com/dotnet/nightly/monitor'], tag: dotnet8, distribution: 'debian', distributionByTag: dotnetFlavours, account: { name: 'app', uid: 1654, gid: 1654, home: '/home/app' }, userByTag: dotnetUsers, env: { APP_UID: '1654', ASPNETCORE_HTTP_PORTS: '8080' }, kind: 'toolchain', source: 'dotnet/dotnet-docker src/runtime-deps/8.0/bookworm-slim/amd64/Dockerfile' },
  { names: ['mcr.microsoft.com/dotnet/sdk', 'mcr.microsoft.com/dotnet/nightly/sdk'], tag: dotnet8, distribution: 'debian', distributionByTag: dotnetFlavours, account: { name: 'app', uid: 1654, gid: 1654, home: '/home/app' }, userByTag: [[/nanoserver/, 'ContainerUser']], env: { APP_UID: '1654' }, kind: 'toolchain', source: 'dotnet/dotnet-docker src/sdk/8.0/bookworm-slim/amd64/Dockerfile' },
  { names: ['mcr.microsoft.com/dotnet/aspnet', 'mcr.microsoft.com/dotnet/runtime', 'mcr.microsoft.com/dotnet/runtime-deps', 'mcr.microsoft.com/dotnet/nightly/aspnet', 'mcr.microsoft.com/dotnet/nightly/runtime', 'mcr.microsoft.com/dotnet/nightly/runtime-deps'], tag: dotnetShellless, distribution: 'none', account: { name: 'app', uid: 101, gid: 101, home: '/home/app' }, user: 'app', env: { ASPNETCORE_URLS: 'http://+:8080' }, ports: [8080], kind: 'toolchain', service: 'aspnet', source: 'dotnet/dotnet-docker src/runtime-deps/6.0/cbl-mariner2.0-distroless/amd64/Dockerfile' },
  { names: ['mcr.microsoft.com/dotnet/aspnet', 'mcr.microsoft.com/dotnet/nightly/aspnet', 'mcr.microsoft.com/dotnet/core/aspnet', 'mcr.microsoft.com/dotnet/core-nightly/aspnet'], distribution: 'debian', distributionByTag: dotnetFlavours, userByTag: [[/nanoserver/, 'ContainerUser']], env: { ASPNETCORE_URLS: 'http://+:80' }, ports: [80], kind: 'toolchain', service: 'aspnet', source: 'dotnet/dotnet-docker src/runtime-deps/6.0/bullseye-slim/amd64/Dockerfile' },
  { names: ['mcr.microsoft.com/dotnet/runtime', 'mcr.microsoft.com/dotnet/runtime-deps', 'mcr.microsoft.com/dotnet/nightly/runtime', 'mcr.microsoft.com/dotnet/nightly/runtime-deps', 'mcr.microsoft.com/dotnet/core/runtime', 'mcr.microsoft.com/dotnet/core/runtime-deps', 'mcr.microsoft.com/dotnet/core-nightly/runtime', 'mcr.microsoft.com/dotnet/core-nightly/runtime-deps'], distribution: 'debian', distributionByTag: dotnetFlavours, userByTag: [[/nanoserver/, 'ContainerUser']], env: { ASPNETCORE_URLS: 'http://+:80' }, kind: 'toolchain', source: 'dotnet/dotnet-docker src/runtime-deps/6.0/bullseye-slim/amd64/Dockerfile' },
  { names: ['mcr.microsoft.com/dotnet/sdk', 'mcr.microsoft.com/dotnet/nightly/sdk', 'mcr.microsoft.com/dotnet/core/sdk', 'mcr.microsoft.com/dotnet/core-nightly/sdk', 'microsoft/aspnetcore-build'], distribution: 'debian', distributionByTag: dotnetFlavours, userByTag: [[/nanoserver/, 'ContainerUser']], kind: 'toolchain', source: 'dotnet/dotnet-docker src/sdk/6.0/bullseye-slim/amd64/Dockerfile' },
  { names: ['microsoft/aspnetcore'], distribution: 'debian', distributionByTag: dotnetFlavours, env: { ASPNETCORE_URLS: 'http://+:80' }, ports: [80], kind: 'toolchain', service: 'aspnet', source: 'aspnet/aspnet-docker 2.0/stretch/runtime/Dockerfile' },
  { names: ['microsoft/dotnet', 'microsoft/dotnet-nightly'], tag: /aspnetcore/, distribution: 'debian', distributionByTag: dotnetFlavours, env: { ASPNETCORE_URLS: 'http://+:80' }, ports: [80], kind: 'toolchain', service: 'aspnet', source: 'dotnet/dotnet-docker 2.1/aspnetcore-runtime/stretch-slim/amd64/Dockerfile' },
  { names: ['microsoft/dotnet', 'microsoft/dotnet-nightly'], distribution: 'debian', distributionByTag: dotnetFlavours, kind: 'toolchain', source: 'dotnet/dotnet-docker 2.1/sdk/stretch/amd64/Dockerfile' },
  { names: ['mono'], distribution: 'debian', kind: 'toolchain', source: 'mono/docker 6.12/Dockerfile' },
  { names: ['mcr.microsoft.com/powershell'], distribution: 'ubuntu', distributionByTag: namedFlavours, cmd: ['pwsh'], kind: 'toolchain', source: 'PowerShell/PowerShell-Docker release' },

  // Others
  { names: ['elixir', 'erlang'], distribution: 'debian', distributionByTag: officialFlavours, kind: 'toolchain', source: 'erlef/docker-elixir, erlang/docker-erlang-otp Dockerfiles' },
  { names: ['hexpm/elixir', 'hexpm/erlang'], distribution: 'debian', distributionByTag: namedFlavours, kind: 'toolchain', source: 'hexpm/bob priv/scripts/docker' },
  { names: ['haskell', 'julia', 'dart', 'google/dart', 'swipl', 'racket/racket', 'clfoundation/sbcl'], distribution: 'debian', distributionByTag: officialFlavours, kind: 'toolchain', source: 'haskell/docker-haskell, docker-library/julia, dart-lang/dart-docker Dockerfiles' },
  { names: ['fpco/stack-build', 'fpco/stack-build-small'], distribution: 'ubuntu', kind: 'toolchain', source: 'commercialhaskell/stackage automated/dockerfiles' },
  { names: ['swift', 'swiftlang/swift'], tag: /noble|latest/, distribution: 'ubuntu', account: ubuntuAccount, reuseAccount: false, kind: 'toolchain', source: 'swiftlang/swift-docker 6.1/ubuntu/24.04/Dockerfile' },
  { names: ['swift', 'swiftlang/swift'], distribution: 'ubuntu', distributionByTag: namedFlavours, kind: 'toolchain', source: 'swiftlang/swift-docker 5.10/ubuntu/22.04/Dockerfile' },
  { names: ['crystallang/crystal', 'nimlang/nim'], distribution: 'ubuntu', distributionByTag: namedFlavours, kind: 'toolchain', source: 'crystal-lang/distribution-scripts docker' },
  { names: ['r-base', 'rocker/r-base'], distribution: 'debian', account: { name: 'docker', home: '/home/docker' }, cmd: ['R'], owned: ['/home/docker'], kind: 'toolchain', source: 'rocker-org/rocker r-base/latest/Dockerfile' },
  { names: ['rocker/r-ver', 'rocker/r-ubuntu', 'rocker/r-apt', 'rocker/cuda', 'rocker/drd'], distribution: 'ubuntu', cmd: ['R'], kind: 'toolchain', source: 'rocker-org/rocker-versioned2 dockerfiles' },
  { names: ['rocker/shiny', 'rocker/shiny-verse'], distribution: 'ubuntu', account: { name: 'shiny', home: '/home/shiny' }, cmd: ['/init'], ports: [3838], needsRoot: 's6-overlay and its start-up scripts need root', kind: 'application', service: 's6', source: 'rocker-org/rocker-versioned2 dockerfiles/shiny' },
  { names: ['rocker/rstudio', 'rocker/tidyverse', 'rocker/verse', 'rocker/geospatial', 'rocker/ml', 'rocker/ml-verse', 'rocker/binder', 'ghcr.io/rocker-org/*'], distribution: 'ubuntu', account: { name: 'rstudio', home: '/home/rstudio' }, cmd: ['/init'], ports: [8787], needsRoot: 's6-overlay and its start-up scripts need root', kind: 'application', service: 's6', source: 'rocker-org/rocker-versioned2 dockerfiles/rstudio' },
  { names: ['ros', 'osrf/ros'], tag: /^(?:latest|jazzy|kilted|rolling|lyrical)/, distribution: 'ubuntu', account: ubuntuAccount, reuseAccount: false, entrypoint: ['/ros_entrypoint.sh'], cmd: ['bash'], kind: 'toolchain', source: 'osrf/docker_images ros/jazzy/ubuntu/noble/ros-core/Dockerfile' },
  { names: ['ros', 'osrf/ros'], distribution: 'ubuntu', distributionByTag: [[/buster|bullseye|stretch/, 'debian']], entrypoint: ['/ros_entrypoint.sh'], cmd: ['bash'], kind: 'toolchain', source: 'osrf/docker_images ros/humble/ubuntu/jammy/ros-core/Dockerfile' },
]
