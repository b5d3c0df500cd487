// Draws what a terminal shows as SVG: text stays text, no font is embedded.

const themes = {
  dark: {
    background: '#0d1117',
    foreground: '#e6edf3',
    dim: '#8b949e',
    colours: ['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4']
  },
  light: {
    background: '#ffffff',
    foreground: '#1f2328',
    dim: '#656d76',
    colours: ['#24292f', '#cf222e', '#116329', '#7d4e00', '#0969da', '#8250df', '#1b7c83', '#6e7781']
  }
}

const character = { width: 8.4, height: 19, size: 14 }
const margin = 16

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Text and the style that it has, line by line. */
function* readSpans(line, state) {
  let from = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what colours are made of
  for (const found of line.matchAll(/\u001b\[([\d;]*)m/g)) {
    if (found.index > from) yield { ...state, text: line.slice(from, found.index) }
    for (const code of found[1].split(';').map(Number)) applyCode(state, code)
    from = found.index + found[0].length
  }
  if (from < line.length) yield { ...state, text: line.slice(from) }
}

function applyCode(state, code) {
  if (code === 0) Object.assign(state, { bold: false, dim: false, inverse: false, colour: undefined, back: undefined })
  else if (code === 1) state.bold = true
  else if (code === 2) state.dim = true
  else if (code === 7) state.inverse = true
  else if (code === 22) Object.assign(state, { bold: false, dim: false })
  else if (code === 27) state.inverse = false
  else if (code >= 30 && code <= 37) state.colour = code - 30
  else if (code >= 90 && code <= 97) state.colour = code - 90
  else if (code === 39) state.colour = undefined
  else if (code >= 40 && code <= 47) state.back = code - 40
  else if (code === 49) state.back = undefined
}

/** The picture of lines with the colours of a terminal. */
export function drawTerminal(text, { theme: name, title = 'A terminal' }) {
  const theme = themes[name]
  const lines = text.trimEnd().split('\n')
  const state = {}
  const drawn = []
  let columns = 0
  for (const [row, line] of lines.entries()) {
    const y = margin + row * character.height
    let column = 0
    const spans = []
    for (const { text: words, bold, dim, inverse, colour, back } of readSpans(line, state)) {
      const fore = colour === undefined ? (dim ? theme.dim : theme.foreground) : theme.colours[colour]
      const behind = back === undefined ? undefined : theme.colours[back]
      const [ink, paper] = inverse ? [behind ?? theme.background, fore] : [fore, behind]
      if (paper !== undefined)
        drawn.push(
          `<rect x="${x(column)}" y="${y}" width="${round(words.length * character.width)}" height="${character.height}" fill="${paper}"/>`
        )
      const attributes = [`x="${x(column)}"`, ...(ink === theme.foreground ? [] : [`fill="${ink}"`])]
      if (bold) attributes.push('font-weight="bold"')
      // The width is fixed, so that backgrounds fit whatever font there is.
      if (words.trim() !== '')
        spans.push(
          `<tspan ${attributes.join(' ')} textLength="${round(words.length * character.width)}">${escapeXml(words)}</tspan>`
        )
      column += words.length
    }
    columns = Math.max(columns, column)
    if (spans.length > 0) drawn.push(`<text y="${y + character.size}">${spans.join('')}</text>`)
  }
  const width = Math.ceil(columns * character.width + 2 * margin)
  const height = lines.length * character.height + 2 * margin
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>text { font: ${character.size}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre; fill: ${theme.foreground} }</style>
<rect width="100%" height="100%" rx="8" fill="${theme.background}"/>
${drawn.join('\n')}
</svg>
`
}

const round = (value) => Math.round(value * 10) / 10
const x = (column) => round(margin + column * character.width)
