// Programs that services need: found on PATH, or installed from the system's packages when we are root on Debian.
import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'

export const run = promisify(execFile)
export const isRoot = process.getuid?.() === 0

/**
 * Makes sure of every program (program name → Debian package); the address is the path of the first. An absolute path
 * stands for itself: a header, say, which is no program.
 */
export async function requirePrograms(packageOf) {
  const missing = Object.keys(packageOf).filter((program) => pathOf(program) === undefined)
  if (missing.length > 0) await install(missing.map((program) => packageOf[program]))
  const lost = Object.keys(packageOf).find((program) => pathOf(program) === undefined)
  if (lost !== undefined) throw new Error(`${lost} is not installed`)
  return { address: pathOf(Object.keys(packageOf)[0]) }
}

function pathOf(program) {
  if (isAbsolute(program)) return existsSync(program) ? program : undefined
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** One installation at a time: they share a lock. */
let installing = Promise.resolve()
function install(packages) {
  const next = installing.then(() => installNow(packages))
  installing = next.catch(() => {})
  return next
}

let isUpdated = false
async function installNow(packages) {
  if (!isRoot || pathOf('apt-get') === undefined) throw new Error(`${packages.join(', ')} is not installed`)
  // another apt-get of the machine may hold the lock, and a mirror may be short of breath
  const patient = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3']
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 * 1024 * 1024 }
  try {
    if (!isUpdated) await run('apt-get', [...patient, 'update', '-q'], options)
    isUpdated = true
    await run('apt-get', [...patient, 'install', '-y', '-q', '--no-install-recommends', ...packages], options)
  } catch (error) {
    throw new Error(`apt-get install ${packages.join(' ')} failed: ${error.stderr.trim().split('\n').at(-1)}`)
  }
}
