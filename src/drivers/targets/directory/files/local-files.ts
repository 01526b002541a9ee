/** The files of a place on this machine: each call is made at once. */
import {
  chmod,
  lchown,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  statfs,
  symlink,
  access,
  constants,
} from 'node:fs/promises'
import { lstat as lstatByCallback, stat as statByCallback } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { systemCodeOf } from '../../../../base/deploy-error.js'
import { compareTree } from '../../../artifacts/compare-tree.js'
import { digestOfFile } from '../../../artifacts/file-digest.js'
import { readManifest, scanTree, treeDigest, writeManifest } from '../../../artifacts/tree-manifest.js'
import { ifThere } from '../../../system/if-there.js'
import { syncFolder } from '../../../system/sync-folder.js'
import { writeAtomically } from '../../../system/write-atomically.js'
import type { Found, HostFiles, OwnerNumbers } from './host-files.js'
import { leavePlace, makePlace } from './local-place.js'
import { isAbsent, removeAtOnce, removeIfEmpty, removeTree } from './local-trees.js'
import { unpackInto } from './local-unpack.js'
import { onOtherDisk } from './other-disk.js'

// A plan looks at thousands of places: made from callbacks, a look costs half of what those of node:fs/promises cost.
const lstat = promisify(lstatByCallback)
const stat = promisify(statByCallback)

const nothing = (): Promise<void> => Promise.resolve()

export const localFiles: HostFiles = {
  foresee: () => undefined,
  forget: () => undefined,
  settle: nothing,

  async kindOf(path, links) {
    try {
      return kindOfEntry(links === 'follow' ? await stat(path) : await lstat(path))
    } catch (error) {
      if (!isAbsent(error)) throw error
      return links === 'follow' && (await localFiles.kindOf(path)) !== 'nothing' ? 'link' : 'nothing'
    }
  },
  async linkText(path) {
    try {
      return await readlink(path)
    } catch (error) {
      if (isAbsent(error) || systemCodeOf(error) === 'EINVAL') return null
      throw error
    }
  },
  async entries(folder) {
    try {
      const entries = await readdir(folder, { withFileTypes: true })
      return entries
        .map((entry) => ({ name: entry.name, kind: kindOfEntry(entry) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    } catch (error) {
      if (isAbsent(error)) return []
      throw error
    }
  },
  async text(path) {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return null
      throw error
    }
  },
  async mayWrite(folder) {
    try {
      await access(folder, constants.W_OK | constants.X_OK)
      return 'yes'
    } catch (error) {
      if (isAbsent(error)) return 'nothing'
      return systemCodeOf(error) === 'EROFS' ? 'readOnly' : 'no'
    }
  },
  async deviceOf(path) {
    const found = await ifThere(stat(path))
    return found === null ? null : String(found.dev)
  },
  async room(path) {
    const system = await ifThere(statfs(path))
    if (system === null) return localFiles.room(dirname(path))
    return { bytes: system.bavail * system.bsize, files: system.files === 0 ? null : system.ffree }
  },
  async bytesIn(folders) {
    let bytes = 0
    for (const folder of folders) {
      const entries = (await ifThere(readdir(folder, { recursive: true }))) ?? []
      for (const entry of entries) bytes += (await ifThere(lstat(join(folder, entry))))?.size ?? 0
    }
    return bytes
  },
  async digestOf(path, signal) {
    return (await lstat(path)).isDirectory() ? treeDigest(path, signal) : digestOfFile(path, 'sha256', signal)
  },
  async compare({ folder, manifest: file }, signal) {
    const manifest = await readManifest(file)
    if (manifest === null) return { kind: 'unknown', missing: file }
    const differences = await compareTree(folder, manifest, signal)
    return differences.length === 0 ? { kind: 'same' } : { kind: 'differs', manifest, differences }
  },

  makePlace,
  leavePlace,
  async makeFolder(path, mode) {
    await mkdir(path, mode === undefined ? {} : { mode }).catch((error: unknown) => {
      if (systemCodeOf(error) !== 'EEXIST') throw error
    })
  },
  write: (path, text) => writeAtomically(path, text),
  writeManifest: ({ manifest }, entries) => writeManifest(manifest, entries),
  link: (text, path) => symlink(text, path),
  move: (from, to) => rename(from, to),
  async moveIn(from, to) {
    await rename(from, to).catch((error: unknown) => {
      throw systemCodeOf(error) === 'EXDEV' ? onOtherDisk(to, error) : error
    })
  },
  give: (path, { uid, gid }) => lchown(path, uid, gid ?? -1),
  giveTree,
  mask,
  async makeAlike(from, to) {
    const wanted = await lstat(from)
    await mkdir(to, { recursive: true })
    await lchown(to, wanted.uid, wanted.gid)
    await chmod(to, wanted.mode & 0o7777)
  },
  remove: (path) => rm(path, { force: true, recursive: true }),
  async removeMatching(folder, prefix, suffix) {
    for (const { name } of await localFiles.entries(folder)) {
      if (name.startsWith(prefix) && name.endsWith(suffix))
        await rm(join(folder, name), { force: true, recursive: true })
    }
  },
  async removeIfEmpty(folder) {
    await removeIfEmpty(folder)
  },
  removeTree,
  async removeAtOnce(path, tolerance) {
    await removeAtOnce(path).catch((error: unknown) => {
      if (tolerance !== 'tolerant') throw error
    })
  },
  sync: syncFolder,
  async ready(obtain, release, options, context) {
    const artifact = await obtain()
    return (folder) => unpackInto(artifact, folder, release, options, context)
  },
  scan: scanTree,
}

function kindOfEntry(entry: { isSymbolicLink(): boolean; isDirectory(): boolean; isFile(): boolean }): Found {
  if (entry.isSymbolicLink()) return 'link'
  if (entry.isDirectory()) return 'folder'
  return entry.isFile() ? 'file' : 'other'
}

async function mask(path: string, umask: number): Promise<void> {
  const found = await lstat(path)
  if (found.isSymbolicLink()) return
  if (found.isDirectory()) {
    for (const name of await readdir(path)) await mask(join(path, name), umask)
  }
  await chmod(path, found.mode & 0o7777 & ~umask)
}

/** Links themselves, never what they lead to. */
async function giveTree(folder: string, owner: OwnerNumbers): Promise<void> {
  await localFiles.give(folder, owner)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    await (entry.isDirectory() ? giveTree(path, owner) : localFiles.give(path, owner))
  }
}
