/** A held release in a sentence; status and releases say it alike. */
import { showVersion } from '../../model/release.js'
import type { Hold } from '../../model/state.js'
import { ago } from './relative-time.js'
import { paragraph } from './text-width.js'

export function heldLine(service: string, { version, reason, at }: Hold, width: number, now: Date): string {
  return paragraph(`${service} ${showVersion(version)} is held, ${ago(at, now)}: ${reason}`, width, 2, 4)
}
