import type { Dockerfile, Stage } from './dockerfile/dockerfile.ts'
import type { Editor } from './edit/editor.ts'
import { UnrootError } from './errors.ts'
import type { StageImage } from './image/image.ts'
import type { Plan, StagePlan } from './plan/plan.ts'
import type { Finding, RewriteOptions } from './types.ts'

/** What a transform is given: the file as it is now, the plan made on the original, and the ways to answer. */
export interface TransformContext {
  /** The Dockerfile as the transforms before this one left it. */
  dockerfile: Dockerfile
  /** The shipped stage. With several targets the transform is called once for each. */
  stage: Stage
  /** State of the image after each instruction of `stage`, read from the current text. */
  image: StageImage
  /** What the original needs; never recomputed between transforms. */
  plan: Plan
  /** The part of the plan that is about `stage`. */
  stagePlan: StagePlan
  /** What the caller asked for. */
  options: RewriteOptions
  /** Changes the Dockerfile. */
  edit: Editor
  /** Changes a file (or makes it), by its path relative to the root of the build context. The message is for the report. */
  changeFile(path: string, text: string, message: string): void
  /** Says something that no edit says; `range` as offsets of the current text. */
  report(finding: Omit<Finding, 'range' | 'accepted'> & { range?: readonly [number, number] }): void
}

/**
 * One step of a conversion. Built-in and third-party transforms have the same type and the same powers.
 */
export interface Transform {
  /** Kebab-case, verb first; the file's own name. */
  readonly name: string
  /** One line. */
  readonly summary: string
  /** Markdown: why, what is left alone, an example. */
  readonly description: string
  /** True for transforms that presets hold but that only run when an option asks for them. */
  readonly onRequest?: (options: RewriteOptions) => boolean
  /** Whether an option asks for it, so that it runs over an image that is non-root already. */
  readonly isAskedFor?: (options: RewriteOptions) => boolean
  /** Makes the edits; called once for each shipped stage. Must find nothing to do in what it has made itself. */
  apply(context: TransformContext): void
}

/**
 * Checks the metadata of a transform and returns it.
 *
 * @throws {UnrootError} `INVALID_OPTION` when the name is not kebab-case or a text is missing.
 * @example
 * ```ts
 * import { defineTransform, presets, rewrite } from 'unroot'
 *
 * const addLabel = defineTransform({
 *   name: 'add-label',
 *   summary: 'Label the image',
 *   description: 'Adds `LABEL converted=true` at the end of the shipped stage.',
 *   apply({ stage, edit }) {
 *     const last = stage.instructions.at(-1) ?? stage.from
 *     edit.insertAfter(last, `${edit.keyword('LABEL')} converted=true`, 'labelled')
 *   }
 * })
 * const { text } = rewrite('FROM alpine:3.20\nCMD ["date"]\n', { transforms: [...presets.user, addLabel] })
 * text.endsWith('CMD ["date"]\nLABEL converted=true\n') // => true
 * ```
 */
export function defineTransform(transform: Transform): Transform {
  if (!/^[a-z]+(-[a-z0-9]+)*$/.test(transform.name))
    throw new UnrootError('INVALID_OPTION', `transform name "${transform.name}" is not kebab-case`)
  for (const key of ['summary', 'description'] as const)
    if (!transform[key]) throw new UnrootError('INVALID_OPTION', `transform "${transform.name}" has no ${key}`)
  if (typeof transform.apply !== 'function')
    throw new UnrootError('INVALID_OPTION', `transform "${transform.name}" has no apply function`)
  return transform
}
