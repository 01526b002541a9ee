/** What a holder has on disk, so that the next one, and whoever looks, knows what it left running. No secrets are in it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ifThere } from '../../../system/if-there.js'
import type { LeftOver } from './left-overs.js'

export interface HolderFile {
  readonly format: 1
  readonly pid: number
  readonly startedAt: string
  readonly workers: readonly LeftOver[]
}

export function holderFile(folder: string): string {
  return join(folder, 'holder.json')
}

/** Null when there is none, or none that can be read. */
export async function readHolderFile(folder: string): Promise<HolderFile | null> {
  const text = await ifThere(readFile(holderFile(folder), 'utf8'))
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    const isOurs = typeof value === 'object' && value !== null && 'format' in value && value.format === 1
    return isOurs ? (value as HolderFile) : null // written whole by a holder
  } catch {
    return null
  }
}
