import type { BaseImage } from '../base-image.ts'
import { ubuntuAccount } from './flavours.ts'

/** Ubuntu from 23.04 on. */
const ubuntuWithAccount =
  /^(?:latest|rolling|devel|2[4-9]\.|23\.|[3-9]\d\.|lunar|mantic|noble|oracular|plucky|questing|resolute)/

// biome-ignore format: one row per entry
export const distributions: readonly BaseImage[] = [
  { names: ['scratch'], distribution: 'none', kind: 'toolchain', source: 'moby/buildkit frontend/dockerfile: the empty image' },
  { names: ['debian', 'public.ecr.aws/debian/debian', 'bitnami/minideb', 'kalilinux/kali-rolling', 'raspbian/*', 'parrotsec/*'], distribution: 'debian', cmd: ['bash'], kind: 'toolchain', source: 'debuerreotype/docker-debian-artifacts Dockerfile' },
  // The account `ubuntu` is nobody's service; its uid is taken.
  { names: ['ubuntu', 'public.ecr.aws/ubuntu/ubuntu', 'public.ecr.aws/lts/ubuntu'], tag: ubuntuWithAccount, distribution: 'ubuntu', account: ubuntuAccount, reuseAccount: false, cmd: ['/bin/bash'], kind: 'toolchain', source: 'ubuntu >= 23.04: /etc/passwd of the OCI rootfs (launchpad ubuntu-oci)' },
  { names: ['ubuntu', 'public.ecr.aws/ubuntu/ubuntu', 'public.ecr.aws/lts/ubuntu'], distribution: 'ubuntu', cmd: ['/bin/bash'], kind: 'toolchain', source: 'ubuntu: OCI rootfs (launchpad ubuntu-oci)' },
  { names: ['alpine', 'gliderlabs/alpine', 'frolvlad/alpine-*', 'alpine/git', 'alpine/curl', 'alpine/helm', 'alpine/k8s', 'alpine/openssl', 'alpine/socat'], distribution: 'alpine', cmd: ['/bin/sh'], kind: 'toolchain', source: 'alpinelinux/docker-alpine Dockerfile' },
  { names: ['cgr.dev/chainguard/wolfi-base', 'cgr.dev/*/wolfi-base', 'chainguard/wolfi-base'], distribution: 'wolfi', cmd: ['/bin/sh', '-l'], kind: 'toolchain', source: 'chainguard-images/images wolfi-base' },
  { names: ['busybox', 'quay.io/prometheus/busybox', 'gcr.io/google-containers/busybox'], distribution: 'busybox', cmd: ['sh'], kind: 'toolchain', source: 'docker-library/busybox Dockerfile' },
  { names: ['fedora', 'registry.fedoraproject.org/fedora', 'quay.io/fedora/fedora'], distribution: 'fedora', cmd: ['/bin/bash'], kind: 'toolchain', source: 'fedora-cloud/docker-brew-fedora Dockerfile' },
  { names: ['registry.fedoraproject.org/fedora-minimal', 'quay.io/fedora/fedora-minimal'], distribution: 'ubi-minimal', cmd: ['/bin/bash'], kind: 'toolchain', source: 'fedora kickstarts fedora-container-minimal' },
  { names: ['rockylinux', 'rockylinux/rockylinux', 'quay.io/rockylinux/rockylinux', 'almalinux', 'quay.io/almalinuxorg/almalinux'], tag: /minimal/, distribution: 'ubi-minimal', cmd: ['/bin/bash'], kind: 'toolchain', source: 'rocky-linux/sig-cloud-instance-images, AlmaLinux/container-images: minimal' },
  { names: ['almalinux/*-minimal', 'quay.io/almalinuxorg/*-minimal'], distribution: 'ubi-minimal', cmd: ['/bin/bash'], kind: 'toolchain', source: 'AlmaLinux/container-images: minimal' },
  { names: ['almalinux/*-micro'], distribution: 'ubi-micro', cmd: ['/bin/bash'], kind: 'toolchain', source: 'AlmaLinux/container-images: micro' },
  { names: ['almalinux/*-init', 'almalinux/*-init-*'], distribution: 'rhel', cmd: ['/sbin/init'], needsRoot: 'systemd is its init', kind: 'application', source: 'AlmaLinux/container-images: init' },
  // oraclelinux:*-slim has useradd, though only microdnf: docker-library/mysql 8.4/Dockerfile.oracle calls it first.
  { names: ['centos', 'quay.io/centos/centos', 'centos/centos', 'rockylinux', 'rockylinux/rockylinux', 'quay.io/rockylinux/rockylinux', 'almalinux', 'almalinux/*-base', 'quay.io/almalinuxorg/almalinux', 'quay.io/almalinuxorg/*-base', 'oraclelinux', 'container-registry.oracle.com/os/oraclelinux', 'ghcr.io/oracle/oraclelinux', 'scientificlinux/sl'], distribution: 'rhel', cmd: ['/bin/bash'], kind: 'toolchain', source: 'CentOS/sig-cloud-instance-images, oracle/container-images Dockerfiles' },
  { names: ['amazonlinux', 'public.ecr.aws/amazonlinux/amazonlinux'], distribution: 'amazonlinux', cmd: ['/bin/bash'], kind: 'toolchain', source: 'amazonlinux/container-images Dockerfile' },
  { names: ['photon', 'vmware/photon'], distribution: 'photon', cmd: ['/bin/bash'], kind: 'toolchain', source: 'vmware/photon-docker-image Dockerfile' },
  { names: ['opensuse', 'opensuse/*', 'registry.opensuse.org/opensuse/*', 'registry.suse.com/bci/bci-base', 'registry.suse.com/bci/bci-minimal', 'registry.suse.com/suse/sle15'], distribution: 'suse', cmd: ['/bin/bash'], kind: 'toolchain', source: 'openSUSE/docker-containers Dockerfiles' },
  { names: ['registry.suse.com/bci/bci-micro', 'registry.suse.com/bci/bci-busybox'], distribution: 'ubi-micro', cmd: ['/bin/bash'], kind: 'toolchain', source: 'SUSE/BCI-dockerfile-generator: no zypper, no account tools' },
  { names: ['archlinux', 'archlinux/archlinux', 'archlinux/base', 'ghcr.io/archlinux/archlinux'], distribution: 'arch', cmd: ['/usr/bin/bash'], kind: 'toolchain', source: 'archlinux/archlinux-docker Dockerfile.template' },

  // Red Hat Universal Base Images
  { names: ['redhat/ubi*-minimal', 'registry.access.redhat.com/ubi*-minimal', 'registry.access.redhat.com/ubi*/ubi-minimal', 'registry.redhat.io/ubi*/ubi-minimal', 'registry.redhat.io/ubi*-minimal'], distribution: 'ubi-minimal', cmd: ['/bin/bash'], kind: 'toolchain', source: 'Red Hat UBI: ubi-minimal' },
  { names: ['redhat/ubi*-micro', 'registry.access.redhat.com/ubi*-micro', 'registry.access.redhat.com/ubi*/ubi-micro', 'registry.redhat.io/ubi*/ubi-micro', 'registry.redhat.io/ubi*-micro'], distribution: 'ubi-micro', cmd: ['/bin/sh'], kind: 'toolchain', source: 'Red Hat UBI: ubi-micro' },
  { names: ['redhat/ubi*-init', 'registry.access.redhat.com/ubi*-init', 'registry.access.redhat.com/ubi*/ubi-init', 'registry.redhat.io/ubi*/ubi-init'], distribution: 'rhel', cmd: ['/sbin/init'], needsRoot: 'systemd is its init', kind: 'application', source: 'Red Hat UBI: ubi-init' },
  { names: ['redhat/ubi7', 'redhat/ubi8', 'redhat/ubi9', 'redhat/ubi10', 'registry.access.redhat.com/ubi7', 'registry.access.redhat.com/ubi8', 'registry.access.redhat.com/ubi9', 'registry.access.redhat.com/ubi10', 'registry.access.redhat.com/ubi*/ubi', 'registry.redhat.io/ubi7', 'registry.redhat.io/ubi8', 'registry.redhat.io/ubi9', 'registry.redhat.io/ubi10', 'registry.redhat.io/ubi*/ubi', 'registry.access.redhat.com/rhel7', 'registry.access.redhat.com/rhel7/rhel', 'registry.access.redhat.com/rhel', 'registry.redhat.io/rhel*/rhel'], distribution: 'rhel', cmd: ['/bin/bash'], kind: 'toolchain', source: 'Red Hat UBI: ubi' },

  // Built on a distribution, without an account of their own
  { names: ['buildpack-deps'], tag: /^(?:noble|oracular|plucky|questing|resolute|2[4-9]\.)/, distribution: 'ubuntu', account: ubuntuAccount, reuseAccount: false, cmd: ['/bin/bash'], kind: 'toolchain', source: 'docker-library/buildpack-deps ubuntu/noble/Dockerfile' },
  { names: ['buildpack-deps'], distribution: 'debian', distributionByTag: [[/jammy|focal|bionic|xenial|\d\d\.04/, 'ubuntu']], cmd: ['bash'], kind: 'toolchain', source: 'docker-library/buildpack-deps debian/bookworm/Dockerfile' },
  { names: ['balenalib/*-alpine*'], distribution: 'alpine', entrypoint: ['/usr/bin/entry.sh'], cmd: ['/bin/bash'], kind: 'toolchain', source: 'balena-io-library/base-images' },
  { names: ['balenalib/*-fedora*'], distribution: 'fedora', entrypoint: ['/usr/bin/entry.sh'], cmd: ['/bin/bash'], kind: 'toolchain', source: 'balena-io-library/base-images' },
  { names: ['balenalib/*-ubuntu*'], distribution: 'ubuntu', entrypoint: ['/usr/bin/entry.sh'], cmd: ['/bin/bash'], kind: 'toolchain', source: 'balena-io-library/base-images' },
  { names: ['balenalib/*'], distribution: 'debian', distributionByTag: [[/alpine/, 'alpine'], [/ubuntu|jammy|focal|bionic/, 'ubuntu'], [/fedora/, 'fedora']], entrypoint: ['/usr/bin/entry.sh'], cmd: ['/bin/bash'], kind: 'toolchain', source: 'balena-io-library/base-images' },
  // my_init rewrites /etc/container_environment and starts runit, syslog-ng, cron: image/bin/my_init has no id test.
  { names: ['phusion/baseimage', 'ghcr.io/phusion/baseimage'], distribution: 'ubuntu', cmd: ['/sbin/my_init'], needsRoot: 'my_init writes /etc/container_environment and starts runit, cron and syslog as root', kind: 'application', source: 'phusion/baseimage-docker image/bin/my_init' },
  { names: ['phusion/passenger-*', 'ghcr.io/phusion/passenger-*'], distribution: 'ubuntu', account: { name: 'app', uid: 9999, gid: 9999, home: '/home/app' }, cmd: ['/sbin/my_init'], needsRoot: 'my_init writes /etc/container_environment and starts runit, cron and nginx as root; nginx drops to `app`', kind: 'application', service: 'passenger', source: 'phusion/passenger-docker README.md' },
  { names: ['mcr.microsoft.com/azurelinux/base/core', 'mcr.microsoft.com/azurelinux/base/*', 'mcr.microsoft.com/cbl-mariner/base/core', 'mcr.microsoft.com/cbl-mariner/base/*'], distribution: 'ubi-micro', distributionByTag: [[/distroless|nonroot/, 'none']], cmd: ['/bin/bash'], kind: 'toolchain', source: 'microsoft/azurelinux container base/core: tdnf, no useradd' },
  { names: ['mcr.microsoft.com/azurelinux/distroless/*', 'mcr.microsoft.com/cbl-mariner/distroless/*'], distribution: 'none', account: { name: 'nonroot', uid: 65532, gid: 65532, home: '/home/nonroot' }, userByTag: [[/nonroot/, '65532']], kind: 'toolchain', source: 'microsoft/azurelinux container distroless' },

  // Windows
  { names: ['mcr.microsoft.com/windows/nanoserver', 'microsoft/nanoserver', 'mcr.microsoft.com/nanoserver'], distribution: 'windows', account: { name: 'ContainerUser' }, user: 'ContainerUser', kind: 'toolchain', source: 'Microsoft Windows base images: nanoserver' },
  { names: ['mcr.microsoft.com/windows', 'mcr.microsoft.com/windows/*', 'mcr.microsoft.com/windows/servercore/*', 'mcr.microsoft.com/windowsservercore', 'microsoft/windowsservercore', 'microsoft/windows*', 'microsoft/iis', 'mcr.microsoft.com/dotnet/framework/*', 'mcr.microsoft.com/dotnet/framework-*', 'microsoft/dotnet-framework', 'microsoft/dotnet-framework-build', 'microsoft/aspnet'], distribution: 'windows', kind: 'toolchain', source: 'Microsoft Windows base images: servercore' },
]
