import * as yaml from 'yaml'
import { provideYaml } from './yaml.ts'

provideYaml(yaml)

export { UnrootError, type UnrootErrorCode } from './errors.ts'
export type { Rule } from './plan/hazard.ts'
export { rules } from './plan/rules.ts'
export { presets, rewrite } from './rewrite.ts'
export { type RewriteFilesOptions, type RewriteFilesResult, rewriteFiles } from './rewrite-files.ts'
export { defineTransform, type Transform, type TransformContext } from './transform.ts'
export type * from './types.ts'
