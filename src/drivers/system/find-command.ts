/**
 * Says why a command cannot be started, before it is tried.
 *
 * The kernel answers "no such file" for a missing program, a missing interpreter and a missing working directory
 * alike; a person needs to know which.
 */
import { constants } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { DeployError } from '../../base/deploy-error.js'

/** Throws DeployError COMMAND_NOT_FOUND or PERMISSION_DENIED when `name` cannot be started in `directory`. */
export async function assertStartable(name: string, directory: string, searchPath: string): Promise<void> {
  await assertDirectory(directory)
  if (name === '') {
    throw new DeployError('COMMAND_NOT_FOUND', 'the command is empty', {
      hint: 'Write the program as the first item of `run`.',
    })
  }
  if (name.includes('/')) return assertFile(resolve(directory, name), name)
  const folders = searchPath
    .split(delimiter)
    .map((folder) => (isAbsolute(folder) ? folder : resolve(directory, folder)))
  let denied: string | undefined
  for (const folder of folders) {
    const path = join(folder, name)
    if (!(await isFile(path))) continue
    if (await isExecutable(path)) return assertInterpreter(path)
    denied ??= path
  }
  if (denied !== undefined) throw notExecutable(denied)
  throw new DeployError('COMMAND_NOT_FOUND', `the command "${name}" was not found in PATH`, {
    hint: `Install it, or write its path, such as ./${name} for one in the working directory.`,
    details: [`PATH: ${searchPath}`],
  })
}

async function assertDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => null)
  if (found?.isDirectory() !== true) {
    const what = found === null ? 'does not exist' : 'is not a folder'
    throw new DeployError('COMMAND_NOT_FOUND', `the working directory ${directory} ${what}`, {
      hint: 'The command itself was not tried. Check the path the command is to run in.',
    })
  }
  if (!(await isExecutable(directory))) {
    throw new DeployError('PERMISSION_DENIED', `the working directory ${directory} may not be entered`, {
      hint: `Check who owns it and its mode: ls -ld ${directory}`,
    })
  }
}

async function assertFile(path: string, written: string): Promise<void> {
  if (!(await isFile(path))) {
    const what = (await stat(path).catch(() => null)) === null ? 'does not exist' : 'is not a file'
    throw new DeployError('COMMAND_NOT_FOUND', `the command "${written}" ${what}`, {
      hint: `It was looked for at ${path}.`,
    })
  }
  if (!(await isExecutable(path))) throw notExecutable(path)
  await assertInterpreter(path)
}

/** A script whose `#!` line names a program that is not there, or ends in a carriage return. */
async function assertInterpreter(path: string): Promise<void> {
  const firstLine = await readFirstLine(path)
  const interpreter = /^#![ \t]*([^ \t\n]+)/.exec(firstLine)?.[1]
  if (interpreter === undefined || !interpreter.startsWith('/') || (await isFile(interpreter))) return
  const hint = interpreter.endsWith('\r')
    ? 'The script has Windows line ends. Save it with Unix line ends.'
    : `Install it, or change the first line of ${path}.`
  throw new DeployError(
    'COMMAND_NOT_FOUND',
    `the interpreter ${interpreter.trim()} of ${path} does not exist`,
    { hint },
  )
}

async function readFirstLine(path: string): Promise<string> {
  try {
    const handle = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0)
      return buffer.toString('latin1', 0, bytesRead).split('\n', 1)[0] ?? ''
    } finally {
      await handle.close()
    }
  } catch {
    return '' // a program that may be run but not read
  }
}

function notExecutable(path: string): DeployError {
  return new DeployError('PERMISSION_DENIED', `${path} may not be executed`, {
    hint: `Try: chmod +x ${path}`,
  })
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
