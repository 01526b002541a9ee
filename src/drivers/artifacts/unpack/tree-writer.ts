/**
 * The only code that writes what is unpacked. Every format's entries come through `add`, which lets them in or refuses
 * them; so the rules hold for all formats, and nothing can be written outside the destination by any of them.
 *
 * System calls that touch names and modes are made synchronously: each takes some microseconds, ten times less than a
 * trip through the thread pool, and archives have tens of thousands of them. After every few entries the event loop
 * gets its turn. Large content is written asynchronously.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import { formatSize } from '../../../base/size.js'
import { fileError } from '../../system/file-error.js'
import type { ArchiveEntry, Piece } from './archive-entry.js'
import { segmentsOf } from './entry-name.js'
import type { UnpackLimits } from './limits.js'
import { assertStaysInside } from './link-rules.js'
import { quoted, refusedArchive, refusedEntry } from './refusal.js'
import type { Selection } from './selection.js'
import { TreePlan } from './tree-plan.js'

const write = promisify(fs.write)
const largeBytes = 128 * 1024
const entriesPerTurn = 64
/** Nobody becomes root by what a release brings, and nobody but its owner and group changes it. */
const keptMode = 0o775

export interface UnpackReport {
  readonly files: number
  readonly folders: number
  /** Symbolic and hard. */
  readonly links: number
  readonly bytes: number
}

export interface TreeWriterOptions {
  /** Absolute: an empty folder. */
  readonly destination: string
  readonly limits: UnpackLimits
  readonly selection: Selection
  readonly signal: AbortSignal
  /** Whether the disk tells `a` from `A`; it is tried out unless given. */
  readonly caseSensitive?: boolean
}

export class TreeWriter {
  readonly #options: TreeWriterOptions
  readonly #plan: TreePlan
  readonly #folders = new Map<string, { readonly mode: number; readonly mtimeMs: number | null }>()
  readonly #links = new Map<string, string>()
  readonly #linkTimes = new Map<string, number | null>()
  #entries = 0
  #steps = 0
  #files = 0
  #hardLinks = 0
  #bytes = 0

  constructor(options: TreeWriterOptions) {
    this.#options = options
    this.#plan = new TreePlan(options.caseSensitive ?? tellsCaseApart(options.destination))
  }

  /** Lets the entry in, or throws ARCHIVE_REFUSED. `copyFrom`: its content is that file, instead of its pieces. */
  async add(entry: ArchiveEntry, copyFrom?: string): Promise<void> {
    await this.#turn()
    const { limits, selection } = this.#options
    const segments = segmentsOf(entry.name, limits)
    if (entry.kind === 'special') throw refusedEntry(entry.name, `is ${entry.target}`)
    const placed = selection.place(segments)
    if (placed === null || placed.length === 0) return
    const path = placed.join('/')
    try {
      for (const parent of this.#plan.missingParents(placed, entry.name))
        this.#makeFolder(parent, 0o755, null)
      await this.#put(entry, path, copyFrom)
    } catch (error) {
      throw this.#explained(error, entry.name, path)
    }
  }

  async #put(entry: ArchiveEntry, path: string, copyFrom: string | undefined): Promise<void> {
    if (entry.kind === 'folder') {
      this.#plan.isTaken(path, 'folder', entry.name)
      this.#makeFolder(path, entry.mode & keptMode, entry.mtimeMs)
    } else if (entry.kind === 'symlink') {
      this.#plan.isTaken(path, 'symlink', entry.name)
      this.#noteLink(path, entry.target, entry.mtimeMs)
    } else if (entry.kind === 'hardlink') {
      this.#hardLink(entry, path)
    } else {
      await this.#putFile(entry, path, copyFrom)
    }
  }

  /** Links, folders' modes and times; then everything is in place, though not yet safe from a power cut. */
  async finish(): Promise<UnpackReport> {
    const { selection, destination } = this.#options
    if (this.#entries === 0) throw refusedArchive('it is empty')
    selection.assertFound()
    for (const path of this.#links.keys()) {
      await this.#turn(0)
      assertStaysInside(path, this.#links)
    }
    for (const [path, target] of this.#links) {
      await this.#turn(0)
      this.#naming(path, () => {
        fs.symlinkSync(target, join(destination, path))
        setTimes(this.#linkTimes.get(path) ?? null, (seconds) =>
          fs.lutimesSync(join(destination, path), seconds, seconds),
        )
      })
    }
    // the deepest first: what is made inside a folder changes its time, and a closed one cannot be entered any more
    for (const [path, { mode, mtimeMs }] of [...this.#folders].reverse()) {
      await this.#turn(0)
      this.#naming(path, () => {
        fs.chmodSync(join(destination, path), mode)
        setTimes(mtimeMs, (seconds) => fs.utimesSync(join(destination, path), seconds, seconds))
      })
    }
    return {
      files: this.#files,
      folders: this.#folders.size,
      links: this.#links.size + this.#hardLinks,
      bytes: this.#bytes,
    }
  }

  #makeFolder(path: string, mode: number, mtimeMs: number | null): void {
    // open to us alone until all is in it
    if (!this.#folders.has(path)) fs.mkdirSync(join(this.#options.destination, path), 0o700)
    this.#folders.set(path, { mode, mtimeMs })
    this.#plan.place(path, 'folder')
  }

  /** Made at the very end, when all links are known to stay inside; until then nothing can be written through them. */
  #noteLink(path: string, target: string, mtimeMs: number | null): void {
    this.#links.set(path, target)
    this.#linkTimes.set(path, mtimeMs)
    assertStaysInside(path, this.#links)
    this.#plan.place(path, 'symlink')
  }

  #hardLink(entry: ArchiveEntry, path: string): void {
    const { limits, selection, destination } = this.#options
    const target = selection.stripped(segmentsOf(entry.target, limits))?.join('/') ?? ''
    const linked = this.#links.get(target)
    if (linked !== undefined) return this.#noteLink(path, linked, entry.mtimeMs)
    if (!this.#plan.isFile(target)) {
      throw refusedEntry(
        entry.name,
        `is a hard link to ${quoted(entry.target)}, which is no file of the archive`,
      )
    }
    if (path === target) return
    if (this.#plan.isTaken(path, 'file', entry.name)) this.#removeFile(path)
    fs.linkSync(join(destination, target), join(destination, path))
    this.#plan.place(path, 'file')
    this.#hardLinks++
  }

  async #putFile(entry: ArchiveEntry, path: string, copyFrom: string | undefined): Promise<void> {
    const { limits, destination } = this.#options
    const most = limits.totalBytes - this.#bytes
    if ((entry.size ?? 0) > most) throw tooMuch(limits)
    if (this.#plan.isTaken(path, 'file', entry.name)) this.#removeFile(path)
    const full = join(destination, path)
    if (copyFrom === undefined) {
      const bytes = await writeFile(full, entry, this.#options.signal, most)
      if (bytes > most) throw tooMuch(limits)
      this.#bytes += bytes
    } else {
      await copyFile(copyFrom, full, entry)
      this.#bytes += entry.size ?? 0
    }
    this.#plan.place(path, 'file')
    this.#files++
  }

  #removeFile(path: string): void {
    fs.unlinkSync(join(this.#options.destination, path))
    this.#files--
  }

  async #turn(entries = 1): Promise<void> {
    const { limits, signal } = this.#options
    this.#entries += entries
    this.#steps++
    if (this.#entries > limits.entries) throw refusedArchive(`it has more than ${limits.entries} entries`)
    if (this.#steps % entriesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve))
    if (signal.aborted) throw cancelled()
  }

  #naming(path: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      throw this.#explained(error, path, path)
    }
  }

  #explained(error: unknown, name: string, path: string): Error {
    const code = systemCodeOf(error)
    if (code === 'ENAMETOOLONG') return refusedEntry(name, 'has a name that is too long for this disk')
    if (code === 'EILSEQ' || code === 'EINVAL')
      return refusedEntry(name, 'has a name that this disk does not take')
    return fileError(error, 'unpack to', join(this.#options.destination, path))
  }
}

function tooMuch(limits: UnpackLimits): DeployError {
  return refusedArchive(`it unpacks to more than ${formatSize(limits.totalBytes)}`)
}

/**
 * `wx` never follows a link and never opens what is there; the mode is set when all is in it. Answers how long the file
 * is; stops soon after `most` bytes.
 */
async function writeFile(
  path: string,
  entry: ArchiveEntry,
  signal: AbortSignal,
  most: number,
): Promise<number> {
  const file = fs.openSync(path, 'wx', 0o600)
  try {
    let end = 0
    for await (const piece of entry.pieces()) {
      end = piece.offset + piece.bytes.length
      if (end > most) return end
      if (end > (entry.size ?? end)) throw refusedEntry(entry.name, 'is larger than it claims to be')
      if (piece.bytes.length < largeBytes) writeSmall(file, piece)
      else await writeLarge(file, piece)
      if (signal.aborted) throw cancelled()
    }
    // a hole at the end; missing data is noticed by the reader when it goes on
    if (entry.size !== null && end < entry.size) fs.ftruncateSync(file, entry.size)
    fs.fchmodSync(file, entry.mode & keptMode)
    setTimes(entry.mtimeMs, (seconds) => fs.futimesSync(file, seconds, seconds))
    return entry.size ?? end
  } finally {
    fs.closeSync(file)
  }
}

function cancelled(): DeployError {
  return new DeployError('CANCELLED', 'unpacking was cancelled')
}

/** A clone where the file system can, which costs neither time nor room. */
async function copyFile(from: string, to: string, entry: ArchiveEntry): Promise<void> {
  const mode = fs.constants.COPYFILE_FICLONE | fs.constants.COPYFILE_EXCL
  if ((entry.size ?? 0) < largeBytes) fs.copyFileSync(from, to, mode)
  else await fs.promises.copyFile(from, to, mode)
  fs.chmodSync(to, entry.mode & keptMode)
  setTimes(entry.mtimeMs, (seconds) => fs.utimesSync(to, seconds, seconds))
}

function writeSmall(file: number, { bytes, offset }: Piece): void {
  for (let done = 0; done < bytes.length;) {
    done += fs.writeSync(file, bytes, done, bytes.length - done, offset + done)
  }
}

async function writeLarge(file: number, { bytes, offset }: Piece): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await write(file, bytes, done, bytes.length - done, offset + done)).bytesWritten
  }
}

function setTimes(mtimeMs: number | null, set: (seconds: number) => void): void {
  if (mtimeMs !== null && Number.isFinite(mtimeMs)) set(mtimeMs / 1000)
}

function tellsCaseApart(folder: string): boolean {
  const probe = join(folder, '.deployctl-Case')
  try {
    fs.writeFileSync(probe, '', { flag: 'wx' })
    const apart = !fs.existsSync(join(folder, '.deployctl-case'))
    fs.unlinkSync(probe)
    return apart
  } catch (error) {
    throw fileError(error, 'unpack to', folder)
  }
}
