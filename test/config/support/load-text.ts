/** Loads a text as if it were somebody's deploy.yaml, with the real drivers' traits. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, type ConfigRequest, type ConfigResult } from '../../../src/config/load-config.js'
import type { RuleContext } from '../../../src/config/strategy-rules.js'
import { targetDrivers } from '../../../src/drivers/targets/catalog.js'
import type { TargetTraits } from '../../../src/model/target.js'
import { strategies } from '../../../src/plan/strategies/catalog.js'

const drivers: { readonly [type: string]: TargetTraits } = targetDrivers

export const context: RuleContext = {
  traits: (type) => drivers[type],
  strategy: (type) => strategies[type],
}

export type Options = Partial<Pick<ConfigRequest, 'environment' | 'env'>>

export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-config-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function loadText(text: string | Uint8Array, options: Options = {}): Promise<ConfigResult> {
  return inFolder(async (folder) => {
    const file = join(folder, 'deploy.yaml')
    await writeFile(file, text)
    return loadConfig(requestFor(file, options), context)
  })
}

export function requestFor(file: string, options: Options = {}): ConfigRequest {
  return { file, displayName: 'deploy.yaml', environment: null, env: {}, cacheDirectory: null, ...options }
}

/** The result when it is a config; a test that gets problems instead shows them. */
export async function loadValid(text: string, options: Options = {}) {
  const result = await loadText(text, options)
  if (!result.ok) throw new Error(linesOf(result).join('\n'))
  return result
}

/** `line:column message | hint`, one a line. */
export async function problemsIn(
  text: string | Uint8Array,
  options: Options = {},
): Promise<readonly string[]> {
  return linesOf(await loadText(text, options))
}

export function linesOf(result: ConfigResult): readonly string[] {
  const problems = result.ok ? result.warnings : result.problems
  return problems.map(({ line, column, message, hint }) => {
    return `${line}:${column} ${message}${hint === undefined ? '' : ` | ${hint}`}`
  })
}

/** The least that is valid; more keys may follow it. */
export const smallest = `version: 1
project: shop
sources:
  web: { type: directory, path: releases }
services:
  web: { source: web, target: { type: directory, path: /srv/web } }
`
