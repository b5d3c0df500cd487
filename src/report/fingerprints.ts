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

// source: draft-eastlake-fnv, FNV-1a with 64 bits, here over UTF-16 code units, low byte first. In two halves: a bigint for
// each byte costs as much as the conversion itself. The prime is 2^40 + 0x1b3.
function fnv1a(text: string): string {
  let high = 0xcbf29ce4
  let low = 0x84222325
  const add = (byte: number) => {
    low = (low ^ byte) >>> 0
    const product = low * 0x1b3
    high = (high * 0x1b3 + Math.floor(product / 0x1_0000_0000) + ((low << 8) >>> 0)) % 0x1_0000_0000
    low = product % 0x1_0000_0000
  }
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    add(unit & 0xff)
    add(unit >> 8)
  }
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('')
}
