/** JSON schema (draft-07) as plain data: each driver owns the fragment that describes its options. */
import type { Json } from '../base/hash.js'

/**
 * A driver's fragment describes `{ type: <its name>, …options }`, with `additionalProperties: false`, a description
 * and an example on every property, and `default` where the code has one. A string property that may hold a
 * `${secret.X}` reference carries `"x-secret": true`; anywhere else such a reference is refused.
 */
export type JsonSchema = { readonly [keyword: string]: Json }
