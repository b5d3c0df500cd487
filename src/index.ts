/**
 * Rewrites Dockerfiles so that images run as a non-root user and still build and start. Pure and synchronous: no file
 * system, process or network, in Node and in browsers.
 *
 * The JSON report (`Report`) has a schema, `unroot/report.schema.json` in the package.
 *
 * @module unroot
 */
import * as yaml from 'yaml'
import { provideYaml } from './yaml.ts'

provideYaml(yaml)

export type { Dockerfile, Stage } from './dockerfile/dockerfile.ts'
export type { Property } from './dockerfile/fine-ranges.ts'
export type { Flag, Instruction, JsonString } from './dockerfile/instruction.ts'
export type { Escape, Heredoc, ReadError } from './dockerfile/line-reader.ts'
export type { Word } from './dockerfile/words.ts'
export type { Editor } from './edit/editor.ts'
export type { AppliedEdit, TextEdits } from './edit/text-edits.ts'
export { UnrootError, type UnrootErrorCode } from './errors.ts'
export type { HistoryMap } from './image/history-map.ts'
export type { CommandLine, ImageState, StageImage } from './image/image.ts'
export type { Rule } from './plan/hazard.ts'
export type { Plan, StagePlan } from './plan/plan.ts'
export { rules } from './plan/rules.ts'
export type { PlannedUser } from './plan/user.ts'
export type { PlannedPath } from './plan/writable-paths.ts'
export { presets, rewrite } from './rewrite.ts'
export { type RewriteFilesOptions, type RewriteFilesResult, rewriteFiles } from './rewrite-files.ts'
export { defineTransform, type Transform, type TransformContext } from './transform.ts'
export type * from './types.ts'
