/** The JSON report as a schema: it validates reports, and `report.schema.json` is generated from it. */
import * as v from 'valibot'
import type { Report } from '../types.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const fromOne = v.pipe(v.number(), v.integer(), v.minValue(1))
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))

const position = v.pipe(
  v.strictObject({ line: fromOne, column: fromOne }),
  v.description('Counts from 1; columns are UTF-16 code units.')
)

const range = v.pipe(
  v.strictObject({ start: position, end: position }),
  v.description('In the original text; the end is exclusive.')
)

const verdict = v.picklist(['converted', 'needs-review', 'refused', 'already-non-root', 'not-applicable', 'failed'])

const finding = v.strictObject({
  rule: v.pipe(v.string(), v.description('`unroot explain <rule>` prints its page.')),
  severity: v.picklist(['error', 'warning', 'info']),
  message: v.pipe(v.string(), v.description('One line, with the evidence.')),
  help: v.pipe(v.string(), v.description('What to do about it.')),
  range,
  accepted: v.exactOptional(
    v.pipe(
      v.strictObject({
        reason: v.string(),
        by: v.exactOptional(v.picklist(['comment', 'config']))
      }),
      v.description('Present when a comment in the Dockerfile or the config accepts the finding.')
    )
  )
})

const change = v.pipe(v.strictObject({ transform: v.string(), message: v.string(), range }), v.description('One edit.'))

const path = v.pipe(v.string(), v.description('Relative to the working directory, with `/`.'))
const diff = v.pipe(v.string(), v.description("Unified diff that `git apply` takes; '' when nothing changes."))

const file = v.strictObject({
  path,
  verdict,
  stage: v.pipe(
    v.nullable(v.strictObject({ index: count, name: v.nullable(v.string()) })),
    v.description('The shipped stage; null where there is none to name.')
  ),
  user: v.pipe(
    v.nullable(
      v.strictObject({
        uid: v.nullable(count),
        gid: v.nullable(count),
        name: v.nullable(v.string()),
        source: v.picklist(['created', 'dockerfile', 'base-image', 'numeric'])
      })
    ),
    v.description('The user that the result runs as; null where there is none to name.')
  ),
  changed: v.boolean(),
  ports: v.array(v.strictObject({ from: port, to: port })),
  writablePaths: v.pipe(
    v.array(v.strictObject({ path: v.string(), reason: v.string() })),
    v.description('What the running process must be able to write, and how we know.')
  ),
  changes: v.array(change),
  findings: v.array(finding),
  diff
})

const companion = v.pipe(
  v.strictObject({
    path,
    for: v.pipe(v.array(v.string()), v.description('The Dockerfiles that need the change.')),
    changed: v.boolean(),
    created: v.boolean(),
    diff
  }),
  v.description('A file beside the Dockerfiles; one can serve several of them.')
)

/** The JSON report, version 1. */
export const reportSchema = v.pipe(
  v.strictObject({
    version: v.literal(1),
    tool: v.strictObject({ name: v.literal('unroot'), version: v.string() }),
    summary: v.strictObject({
      files: count,
      converted: count,
      'needs-review': count,
      refused: count,
      'already-non-root': count,
      'not-applicable': count,
      failed: count
    }),
    files: v.array(file),
    companions: v.array(companion)
  }),
  v.title('unroot report'),
  v.description('What `unroot --format json` prints.')
)

// A field that is added to one of the two and not to the other does not compile.
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never
export const isSchemaOfReport: Same<Mutable<v.InferOutput<typeof reportSchema>>, Mutable<Report>> = true
type Mutable<T> = T extends object ? { [Key in keyof T]: Mutable<T[Key]> } : T
