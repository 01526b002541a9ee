/** What the completion scripts call: prints names, one a line, and never fails. Not a command for people. */
import { readFileSync } from 'node:fs'
import { findProjectFile } from '../project-file.js'
import { namesInFile, type NameKind } from './names-in-file.js'

export const namesCommand = '__names'

export function printNames(
  words: readonly string[],
  workingDirectory: string,
  print: (line: string) => void,
): void {
  const [kind, file] = words
  if (kind !== 'services' && kind !== 'environments') return
  try {
    for (const name of namesOf(kind, file ?? null, workingDirectory)) print(name)
  } catch {
    // No project here, or one that cannot be read: there is nothing to suggest.
  }
}

function namesOf(kind: NameKind, file: string | null, workingDirectory: string): readonly string[] {
  const found = findProjectFile(file === '' ? null : file, workingDirectory)
  return namesInFile(readFileSync(found.file, 'utf8'), kind)
}
