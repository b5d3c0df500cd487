/**
 * Programs that close the private key that they make to everybody but its owner: another user than its maker can't read
 * it. A key that a shell redirection writes is open.
 */
export interface KeyMaker {
  programs: readonly string[]
  /** Matches the words behind the program. */
  when: RegExp
  /** It writes what everybody may read. */
  unless?: RegExp
  /** Flags whose value is the key. */
  flags: readonly string[]
  source: string
}

// biome-ignore format: one row per entry
export const keyMakers: readonly KeyMaker[] = [
  { programs: ['openssl'], when: /^(?:genrsa|genpkey|gendsa|ecparam|dsaparam|rsa|dsa|ec|pkey|pkcs8|pkcs12)\b/, unless: /-pub(?:out|key)\b|-param_out\b|-noout\b/, flags: ['-out'], source: 'openssl apps/lib/apps.c bio_open_owner: private output has mode 0600 since 1.1.0' },
  { programs: ['openssl'], when: /^req\b/, flags: ['-keyout'], source: 'openssl apps/req.c: bio_open_owner' },
  { programs: ['ssh-keygen'], when: /(?:^|\s)-t\b/, flags: ['-f'], source: 'openssh sshkey_save_private: 0600' },
  { programs: ['mkcert'], when: /./, flags: ['-key-file', '--key-file', '-p12-file'], source: 'FiloSottile/mkcert cert.go: WriteFile(keyFile, ..., 0600)' }
]

/** A `RUN` without one of these words makes no key. */
export const anyKeyMaker = /\b(?:openssl|ssh-keygen|mkcert)\b/

/** By its name a private key. A certificate (`.crt`, `.pem`, `.cer`) and a public key are everybody's. */
export const isPrivateKeyName = (path: string): boolean =>
  /(?:\.key|[._-]key\.(?:pem|der)|(?:^|\/)(?:priv)?key\.(?:pem|der)|\.(?:p12|pfx|p8)|(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519))$/i.test(
    path
  ) && !/(?:pub(?:lic)?|signing|archive|release)[._-]?key|\bpub\b/i.test(path)

/** Keys with which packages are checked, and those of the SSH server, which is root. source: apk(8), apt-secure(8), sshd(8) */
export const isKeyOfSystem = (path: string): boolean =>
  /^\/(?:etc\/(?:apk|apt|pki|ssh)|usr\/(?:share|lib)|var\/lib)(?:\/|$)/.test(path)
