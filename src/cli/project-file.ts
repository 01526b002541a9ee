/** Which deploy.yaml is meant: the one named, or the nearest one from the working directory upwards, as git looks for .git. */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { DeployError } from '../base/deploy-error.js'

export const projectFileName = 'deploy.yaml'

export interface ProjectFile {
  /** Absolute. */
  readonly file: string
  /** As it is best shown: relative to the working directory. */
  readonly shown: string
  /** True when it lies in a folder above, which the user may not expect. */
  readonly above: boolean
}

export function findProjectFile(named: string | null, workingDirectory: string): ProjectFile {
  const file = named === null ? upwards(workingDirectory) : inFolder(resolve(workingDirectory, named))
  if (file === null || !existsSync(file)) {
    const message =
      named === null
        ? `There is no ${projectFileName} here or in a folder above.`
        : `There is no ${file === resolve(workingDirectory, named) ? `file ${named}` : `${projectFileName} in ${named}`}.`
    const hint =
      named === null ? 'deployctl init writes one; --file names another' : 'check the path after --file'
    throw new DeployError('CONFIG_NOT_FOUND', message, { hint })
  }
  return {
    file,
    shown: relative(workingDirectory, file),
    above: named === null && dirname(file) !== workingDirectory,
  }
}

function upwards(from: string): string | null {
  const file = join(from, projectFileName)
  if (existsSync(file)) return file
  const parent = dirname(from)
  return parent === from ? null : upwards(parent)
}

/** A folder stands for the deploy.yaml in it. */
function inFolder(path: string): string {
  return existsSync(path) && statSync(path).isDirectory() ? join(path, projectFileName) : path
}
