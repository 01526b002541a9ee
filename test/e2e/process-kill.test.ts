/**
 * The real program is killed (SIGKILL) around every write of its journal while it deploys in server mode. Recovered either
 * way, what runs and what lies there is exactly that of before or of after; and no request ever failed.
 */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { processProject, type Look, type ProcessProject } from '../support/process-project.js'

const preload = join(import.meta.dirname, '..', 'support', 'kill-at-write.cjs')
const old = { WANTED: '1.0.0' }
const next = { WANTED: '1.1.0' }
const deploy = ['apply', '--service', 'api', '--auto-approve']

describe.concurrent.each(['unwind', 'resume'] as const)(
  'an upgrade in server mode, recover --%s',
  (direction) => {
    let project: ProcessProject
    beforeAll(async () => {
      project = await processProject()
      await project.release('1.1.0')
      expect(await project.run(deploy, old)).toMatchObject({ code: 0, stderr: '' })
    })
    afterAll(() => project.remove())

    test('killed around every write of the journal', { timeout: 600_000 }, async () => {
      const before = await project.look()
      let after: Look | null = null
      const client = project.ask()
      const stories: string[] = []
      let moment = 1
      // of the three moments of a write, the torn one is the same as the one before it to all but the journal
      while (await killAt(moment)) {
        const story = await recovered()
        if (story !== null) stories.push(`killed at moment ${moment}: ${story}`)
        moment += moment % 3 === 1 ? 2 : 1
      }
      expect(moment).toBeGreaterThan(30)
      expect(stories, `\n${stories.join('\n')}\n`).toEqual([])
      expect(await client.end()).toEqual([])

      /** False when it came to its end before. */
      async function killAt(at: number): Promise<boolean> {
        const killing = { NODE_OPTIONS: `--require ${preload}`, KILL_AT: String(at) }
        return (await project.run(deploy, { ...next, ...killing })).signal === 'SIGKILL'
      }

      /** Null when all is well; otherwise what was found. Afterwards the old release serves again. */
      async function recovered(): Promise<string | null> {
        if (await hasOpenJournal(project.folder)) {
          const first = await project.run(['recover', `--${direction}`])
          const isDecided = first.stderr.includes('can no longer be undone')
          const done = isDecided ? await project.run(['recover', '--resume']) : first
          if (done.code !== 0) return `${done.stdout}${done.stderr}`
          const found = await project.look()
          const isForward = direction === 'resume' || isDecided
          if (isForward) after ??= found
          // what was kept for a rollback when this try began is still there
          const wanted = isForward ? after : { ...before, releases: after?.releases ?? before.releases }
          if (!isSame(found, wanted)) return `found ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`
          if (isForward && found.answer !== '1.1.0') return `after resume, ${found.answer} serves`
        }
        if ((await project.look()).answer === '1.1.0') {
          const back = await project.run(deploy, old)
          if (back.code !== 0) return `the way back failed: ${back.stderr}`
        }
        const { answer, running } = await project.look()
        return isSame({ answer, running }, { answer: before.answer, running: before.running }) ? null : answer
      }
    })
  },
)

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** A journal whose header was written and that was not moved away: a deployment began and did not end. */
async function hasOpenJournal(folder: string): Promise<boolean> {
  const journals = join(folder, '.deployctl', 'journals', 'local')
  for (const name of await readdir(journals)) {
    if (!name.endsWith('.jsonl')) continue
    const lines = (await readFile(join(journals, name), 'utf8')).split('\n').slice(0, -1)
    if (lines.length > 0 && !lines.some((line) => line.includes('"type":"closed"'))) return true
  }
  return false
}
