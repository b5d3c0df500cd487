/** What codemod's engine does not have. Nothing calls it there but for `execFile`: Node writes no file. */
const absent = (): never => {
  throw new Error('not available in codemod')
}

export {
  absent,
  absent as access,
  absent as open,
  absent as randomBytes,
  absent as rename,
  absent as rm,
  absent as stat
}
export const constants = {}

/** No git: whoever asks for it searches the folder instead. */
export function execFile(_: string, __: unknown, ___: unknown, done: (error: Error) => void): object {
  done(new Error('no programs are started in codemod'))
  return {}
}
