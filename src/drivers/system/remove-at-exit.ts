/** Removes temporary folders when this process ends in any way that lets it do something. */
import { rmSync } from 'node:fs'

const paths = new Set<string>()

export function removeAtExit(path: string): void {
  if (paths.size === 0) {
    process.on('exit', () => {
      for (const one of paths) rmSync(one, { recursive: true, force: true })
    })
  }
  paths.add(path)
}
