/**
 * SIGKILL at random moments of an upgrade of many services: how many states are empty or cut afterwards, ours and
 * Terraform's; and whether `recover --unwind` leads back from every one of ours.
 */
import { spawn } from 'node:child_process'
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ourCommand, run, time, type Command, type Row } from './measure.js'
import { inTemporaryFolder, writeProject, writeTerraform } from './projects.js'

const services = 300
const kills = 30

export async function benchKills(): Promise<readonly Row[]> {
  const theirs = await inTemporaryFolder(killTerraform)
  const { broken, stranded } = await inTemporaryFolder(killOurs)
  const baseline = theirs === undefined ? 'terraform is not installed' : `terraform ${theirs} of ${kills}`
  return [
    {
      what: `SIGKILL in an apply of ${services} services: states empty or cut`,
      ours: `${broken} of ${kills}`,
      baseline,
      goal: '0',
      verdict: broken === 0 ? 'met' : 'missed',
    },
    {
      what: 'of these, not led back by recover --unwind',
      ours: `${stranded} of ${kills}`,
      baseline: '–',
      goal: '0',
      verdict: stranded === 0 ? 'met' : 'missed',
    },
  ]
}

async function killOurs(folder: string): Promise<{ broken: number; stranded: number }> {
  writeProject(folder, services)
  const apply = ourCommand(['apply', '--auto-approve', '--quiet'], folder)
  time(apply)
  cpSync(join(folder, 'releases', 'v1.0.0'), join(folder, 'releases', 'v1.1.0'), { recursive: true })
  writeFileSync(join(folder, 'releases', 'v1.1.0', 'hello.txt'), 'hello again\n')
  const keep = keeper(folder, ['.deployctl', 'srv'])
  const durationMs = time(apply)
  let broken = 0
  let stranded = 0
  for (let round = 0; round < kills; round++) {
    keep.restore()
    await killAfter(apply, durationMs * (0.05 + 0.95 * Math.random()))
    const states = readdirSync(join(folder, '.deployctl', 'state')).filter((name) => name.endsWith('.json'))
    if (states.length === 0 || states.some((name) => !isWhole(join(folder, '.deployctl', 'state', name))))
      broken++
    const status = run(ourCommand(['status', '--json'], folder))
    const recovered = run(ourCommand(['recover', '--unwind', '--quiet'], folder))
    const after = run(ourCommand(['plan', '--detailed-exitcode'], folder))
    // nothing to recover: the kill came before the journal or after the end
    if (
      status.status !== 0 ||
      ![0, 1, 5].includes(recovered.status ?? -1) ||
      ![0, 2].includes(after.status ?? -1)
    )
      stranded++
  }
  return { broken, stranded }
}

async function killTerraform(folder: string): Promise<number | undefined> {
  const terraform = writeTerraform(folder, services)
  if (terraform === undefined) return undefined
  const apply = terraform('apply', '-auto-approve')
  time(apply)
  const main = join(apply.directory, 'main.tf')
  writeFileSync(main, readFileSync(main, 'utf8').replaceAll('"v1"', '"v2"'))
  const keep = keeper(apply.directory, ['terraform.tfstate'])
  const durationMs = time(apply)
  let broken = 0
  for (let round = 0; round < kills; round++) {
    keep.restore()
    rmSync(join(apply.directory, '.terraform.tfstate.lock.info'), { force: true })
    await killAfter(apply, durationMs * (0.05 + 0.95 * Math.random()))
    if (!isWhole(join(apply.directory, 'terraform.tfstate'))) broken++
  }
  return broken
}

/** Remembers files and folders as they are, and puts them back. */
function keeper(folder: string, names: readonly string[]): { restore(): void } {
  const copy = join(folder, 'kept')
  const move = (from: string, to: string): void => {
    for (const name of names) {
      rmSync(join(to, name), { recursive: true, force: true })
      cpSync(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true })
    }
  }
  move(folder, copy)
  return { restore: () => move(copy, folder) }
}

/** Starts a command and kills it, and whatever it started, after a while. */
async function killAfter(command: Command, ms: number): Promise<void> {
  const child = spawn(command.program, command.words, {
    cwd: command.directory,
    env: { ...process.env, ...command.env },
    stdio: 'ignore',
    detached: true,
  })
  const ended = new Promise((done) => child.once('close', done))
  await Promise.race([ended, sleep(ms)])
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  await ended
}

function isWhole(file: string): boolean {
  try {
    const state: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof state === 'object' && state !== null
  } catch {
    return false
  }
}
