/** What codemod's engine does not have. Nothing calls it there: no folder is searched and no file is written by Node. */
const absent = (): never => {
  throw new Error('not available in codemod')
}

export {
  absent,
  absent as access,
  absent as execFile,
  absent as open,
  absent as randomBytes,
  absent as rename,
  absent as rm,
  absent as stat
}
export const constants = {}
