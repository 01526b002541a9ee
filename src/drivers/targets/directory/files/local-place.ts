/**
 * Making the path of a target and deployctl's own folder in it on this machine, and leaving it again. The topmost
 * missing folder is made beside its place, with all that goes into it, and renamed: a kill leaves all of it or a draft
 * that the next one removes. Folders that are left go one by one, and a newcomer may put a draft into one meanwhile:
 * then what is known of who made it is handed on to the newcomer, who leaves later.
 */
import { chmod, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { DeployError, systemCodeOf } from '../../../../base/deploy-error.js'
import { ifThere } from '../../../system/if-there.js'
import { randomHex } from '../../../system/random-hex.js'
import { syncFolder } from '../../../system/sync-folder.js'
import { systemClock } from '../../../system/system-clock.js'
import { writeAtomically } from '../../../system/write-atomically.js'
import { ancestorsOf, draftPrefix, type Layout } from '../layout.js'
import { isMadeNote, madeIn, madeText, noteName } from '../made-note.js'
import { isThere, removeIfEmpty } from './local-trees.js'

const mostTries = 100
/** A newcomer's draft is in its place within a few pauses; one that stays as long as this was left by a kill. */
const patience = 50
const pauseMs = 2
const mostLeaves = 4 * patience

export async function makePlace(layout: Layout): Promise<void> {
  for (let tries = 1; !(await makeAtOnce(layout, tries === mostTries)); tries++);
}

/** False when a neighbour, who makes its own place below the same missing folder, came in between: look again. */
async function makeAtOnce(layout: Layout, isLast: boolean): Promise<boolean> {
  const missing = await missingOf(layout)
  const top = missing.at(-1)
  if (top === undefined) return true
  const draft = `${draftPrefix(top)}${randomHex(8)}`
  const own = join(draft, relative(top, layout.own))
  try {
    const made = [...missing]
    for (const path of [layout.releases, layout.shared]) if (!(await isThere(path))) made.push(path)
    // one by one: what lies above the draft may be left this moment, and is not to come back without a note
    for (const folder of foldersFrom(draft, own)) await mkdir(folder)
    await chmod(own, 0o700) // whatever the umask is
    const text = madeText(layout, made)
    await writeAtomically(join(own, noteName(text)), text)
    await rename(draft, top)
    await syncFolder(dirname(top))
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (isLast || !isNeighbours(error)) throw error
    return false
  }
  await removeDrafts(top)
  return true
}

/** The outer folder, and so on down to the inner one. */
function foldersFrom(outer: string, inner: string): readonly string[] {
  return ancestorsOf(inner)
    .filter((path) => path === outer || path.startsWith(`${outer}/`))
    .reverse()
}

/** Removes deployctl's own folder, when it holds nothing but notes, and what they say was made for it. */
export async function leavePlace(layout: Layout): Promise<void> {
  const known = new Set<string>()
  const top = (await missingOf(layout)).at(-1)
  if (top !== undefined) await removeDrafts(top)
  for (let tries = 1; tries <= mostLeaves; tries++) {
    if (await leaveAtOnce(layout, known, tries % patience === 0)) return
    await systemClock.sleep(pauseMs)
  }
  if (known.size > 0) await handOn(layout, known)
}

/** False when somebody came in between: look again. What is `known` is in no note any more. */
async function leaveAtOnce(layout: Layout, known: Set<string>, isImpatient: boolean): Promise<boolean> {
  await removeIfEmpty(layout.claim)
  const own = await leaveOwn(layout, known)
  return own === 'gone' ? leaveAbove(layout, known, isImpatient) : own === 'stays'
}

async function leaveOwn(layout: Layout, known: Set<string>): Promise<'gone' | 'stays' | 'again'> {
  const names = await ifThere(readdir(layout.own))
  if (names === null) return 'gone'
  if (!names.every(isMadeNote)) {
    if (known.size === 0) return 'stays'
    await handOn(layout, known)
    return 'again' // whoever is there may have left before it could see the note
  }
  const read: string[] = []
  for (const name of names) {
    const text = await ifThere(readFile(join(layout.own, name), 'utf8'))
    if (text === null) continue // who has read it knows what it said
    const made = madeIn(layout, text)
    if (made === null) return 'stays'
    read.push(name)
    for (const path of made) known.add(path)
  }
  if (known.size === 0) return 'stays'
  for (const name of read) await rm(join(layout.own, name), { force: true })
  const outcome = await removeIfEmpty(layout.own)
  if (outcome === 'refused') await handOn(layout, known)
  return outcome === 'gone' ? 'gone' : outcome === 'refused' ? 'stays' : 'again'
}

async function leaveAbove(layout: Layout, known: Set<string>, isImpatient: boolean): Promise<boolean> {
  const above = ancestorsOf(layout.root)
  for (const path of known) if (!above.includes(path)) known.delete(path)
  let child = layout.own
  for (const folder of above) {
    if (known.has(folder)) {
      const outcome = await removeIfEmpty(folder)
      if (outcome !== 'gone' && (outcome === 'refused' || (await isOthers(folder, child)))) break
      if (outcome !== 'gone') {
        if (isImpatient) await removeDrafts(child)
        return false
      }
      known.delete(folder)
    }
    child = folder
  }
  known.clear()
  return true
}

/** Whether things lie in a folder that are neither the place nor drafts of it: then it stays, whoever made it. */
async function isOthers(folder: string, child: string): Promise<boolean> {
  const prefix = basename(draftPrefix(child))
  const names = (await ifThere(readdir(folder))) ?? []
  return names.length > 0 && !names.some((name) => name === basename(child) || name.startsWith(prefix))
}

/** Puts what is known into the folder of whoever is there now, and leaves after this one. */
async function handOn(layout: Layout, known: Set<string>): Promise<void> {
  const text = madeText(layout, [...known].sort())
  try {
    await writeAtomically(join(layout.own, noteName(text)), text)
    known.clear()
  } catch (error) {
    if (!isNeighbours(error)) throw error // else it has gone this moment
  }
}

/** What is not there of the own folder and of all it lies in, innermost first. */
async function missingOf(layout: Layout): Promise<readonly string[]> {
  const missing: string[] = []
  for (const path of [layout.own, ...ancestorsOf(layout.root)]) {
    if (await isThere(path)) break
    missing.push(path)
  }
  return missing
}

async function draftsOf(top: string): Promise<readonly string[]> {
  const prefix = basename(draftPrefix(top))
  const names = (await ifThere(readdir(dirname(top)))) ?? []
  return names.filter((name) => name.startsWith(prefix)).map((name) => join(dirname(top), name))
}

/**
 * What was begun and not renamed; somebody who is at it this moment begins again. Renamed first, so that nothing is
 * taken out of a draft that its maker has just put in place.
 */
async function removeDrafts(top: string): Promise<void> {
  for (const draft of await draftsOf(top)) {
    const grave = `${draftPrefix(top)}${randomHex(8)}`
    if ((await ifThere(rename(draft, grave).then(() => true))) === true)
      await rm(grave, { recursive: true, force: true })
  }
}

/** The folder is there now, or the neighbour took our draft for one that was left behind. */
function isNeighbours(error: unknown): boolean {
  const found = error instanceof DeployError ? error.cause : error
  return ['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCodeOf(found) ?? '')
}
