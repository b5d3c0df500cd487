/** Names results so that they are known again in the next report. */
export interface Fingerprints {
  /** Different for every result of a report; it stays when lines move. */
  next(rule: string, path: string, message: string): string
}

/** Starts the account of one report. */
export function createFingerprints(): Fingerprints {
  const seen = new Map<string, number>()
  return {
    next(rule, path, message) {
      const hash = fnv1a(JSON.stringify([rule, path, normalise(message)]))
      const ordinal = (seen.get(hash) ?? 0) + 1
      seen.set(hash, ordinal)
      return `${hash}:${ordinal}`
    }
  }
}

/** Without the numbers of lines that messages name. */
function normalise(message: string): string {
  return message
    .replace(/\blines? \d+(?:(?:, | and )\d+)*/g, 'line')
    .replace(/\s+/g, ' ')
    .trim()
}

// source: draft-eastlake-fnv, FNV-1a with 64 bits; here over UTF-16 code units, low byte first
function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    for (const byte of [unit & 0xff, unit >> 8]) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
