import type { BaseAccount, Distribution } from '../base-image.ts'

type ByTag<T> = readonly (readonly [RegExp, T])[]

const windowsTag = /windowsservercore|nanoserver|windows|ltsc20/
const alpineTag = /alpine/

/** Official images: Debian unless the tag says otherwise. */
export const officialFlavours: ByTag<Distribution> = [
  [windowsTag, 'windows'],
  [alpineTag, 'alpine']
]

/** Tags that carry the name of a distribution, in images that come in many of them. */
export const namedFlavours: ByTag<Distribution> = [
  [windowsTag, 'windows'],
  [alpineTag, 'alpine'],
  [/distroless|chiseled/, 'none'],
  [/ubi-?\d*-?micro/, 'ubi-micro'],
  [/ubi-?\d*-?minimal/, 'ubi-minimal'],
  // Azure Linux and its predecessor have neither useradd nor a manager that the other kinds know.
  [/mariner|azurelinux/, 'ubi-micro'],
  [/ubi|rhel|centos|rocky|alma|oracle|\bol\d|(?:^|-)el\d/, 'rhel'],
  [/corretto|amazonlinux|amazon|al20\d\d/, 'amazonlinux'],
  [/fedora/, 'fedora'],
  [/leap|opensuse|suse/, 'suse'],
  [/photon/, 'photon'],
  [/arch/, 'arch'],
  [/noble|jammy|focal|bionic|xenial|trusty|lunar|mantic|oracular|plucky|questing|ubuntu|\d\d\.04/, 'ubuntu'],
  [/trixie|bookworm|bullseye|buster|stretch|jessie|debian|\bslim\b/, 'debian']
]

/** Ubuntu images from 23.04 on and what is built on them: the account is nobody's service. */
export const ubuntuAccount: BaseAccount = { name: 'ubuntu', uid: 1000, gid: 1000, home: '/home/ubuntu' }

export const wwwData: BaseAccount = { name: 'www-data', uid: 33, gid: 33, home: '/var/www' }

export const wwwDataByTag: ByTag<BaseAccount> = [
  [alpineTag, { name: 'www-data', uid: 82, gid: 82, home: '/home/www-data' }]
]

export const nodeAccount: BaseAccount = { name: 'node', uid: 1000, gid: 1000, home: '/home/node' }

export const nobody: BaseAccount = { name: 'nobody', uid: 65534, gid: 65534 }
