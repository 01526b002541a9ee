/** A way to run an app behind one port that does not change, and what ten releases of it lose under a steady load. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '../containers/load.js'
import type { LoadResult } from '../containers/load-result.js'
import type { Kind, Language } from './apps.js'

export interface Ground {
  /** A folder of its own, with `releases/v1` and so on in it. */
  readonly folder: string
  readonly port: number
  readonly language: Language
}

export interface Deployer {
  /** Resolves when the tool thinks that it is done, with whatever end. */
  deploy(version: string): Promise<void>
  stop(): Promise<void>
}

export interface Contender {
  readonly name: string
  /** Undefined when it cannot run apps in this language behind one port. */
  start(ground: Ground, version: string): Promise<Deployer> | undefined
}

export interface Course {
  readonly kinds: readonly Kind[]
  readonly pauseMs: number
}

/** The last but six never becomes well, the last but two falls over after ten seconds. */
export function courseOf(releases: number): Course {
  const kinds = Array.from({ length: releases }, (_, index): Kind => {
    if (index === releases - 7) return 'unwell'
    return index === releases - 3 ? 'crashing' : 'good'
  })
  return { kinds, pauseMs: 2000 }
}

export interface Result {
  readonly contender: string
  readonly language: string
  readonly took: readonly number[]
  /** Bad releases after which a good one served again before anybody did anything. */
  readonly backByItself: number
  readonly bad: number
  readonly load: LoadResult
}

export async function runCourse(
  contender: Contender,
  ground: Ground,
  course: Course,
): Promise<Result | null> {
  writeRelease(ground, 'v1.0.0', 'good')
  const deployer = await contender.start(ground, 'v1.0.0')
  if (deployer === undefined) return null
  const took: number[] = []
  let backByItself = 0
  try {
    await answers(ground.port, 'v1.0.0')
    const load = startLoad({ address: `127.0.0.1:${ground.port}` })
    try {
      await sleep(course.pauseMs)
      for (const [index, kind] of course.kinds.entries()) {
        const version = `v${index + 2}.0.0`
        writeRelease(ground, version, kind)
        const begun = performance.now()
        await deployer.deploy(version)
        took.push(performance.now() - begun)
        if (kind === 'good') await answers(ground.port, version)
        else if (await isGoodAgain(ground.port, version)) backByItself++
        await sleep(course.pauseMs)
      }
    } finally {
      await load.stop()
    }
    const bad = course.kinds.filter((kind) => kind !== 'good').length
    const { name: contenderName } = contender
    return {
      contender: contenderName,
      language: ground.language.name,
      took,
      backByItself,
      bad,
      load: await load.finished,
    }
  } finally {
    await deployer.stop()
  }
}

function writeRelease({ folder, language }: Ground, version: string, kind: Kind): void {
  const release = join(folder, 'releases', version)
  mkdirSync(release, { recursive: true })
  writeFileSync(join(release, language.file), language.app(version, kind))
}

async function versionAt(port: number): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
    await answer.arrayBuffer()
    return answer.ok ? (answer.headers.get('x-app-version') ?? 'nothing') : `status ${answer.status}`
  } catch (error) {
    return String(error)
  }
}

async function answers(port: number, version: string): Promise<void> {
  let last = ''
  for (let tries = 0; tries < 1200; tries++, await sleep(50)) {
    last = await versionAt(port)
    if (last === version) return
  }
  throw new Error(`port ${port} should serve ${version}: ${last}`)
}

/** For two seconds on end, within 30 s, nothing but a good release answers. */
async function isGoodAgain(port: number, bad: string): Promise<boolean> {
  let inARow = 0
  for (let tries = 0; tries < 300 && inARow < 20; tries++, await sleep(100)) {
    const version = await versionAt(port)
    inARow = version !== bad && version.startsWith('v') ? inARow + 1 : 0
  }
  return inARow >= 20
}
