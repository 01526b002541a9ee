/** A git repository made by a test, with one file `content`; its author and dates are fixed. */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export interface TestRepository {
  readonly folder: string
  git(...args: readonly string[]): Promise<string>
  /** Commits a file and tags the commit; a tag that is there is moved. */
  publish(tag: string, content: string, file?: string): Promise<string>
}

export async function makeRepository(
  folder: string,
  ...initOptions: readonly string[]
): Promise<TestRepository> {
  const identity = { name: 'Tester', email: 'tester@example.com', date: '2026-01-01T00:00:00Z' }
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: identity.name,
    GIT_AUTHOR_EMAIL: identity.email,
    GIT_AUTHOR_DATE: identity.date,
    GIT_COMMITTER_NAME: identity.name,
    GIT_COMMITTER_EMAIL: identity.email,
    GIT_COMMITTER_DATE: identity.date,
  }
  const git = async (...args: readonly string[]) =>
    (await execute('git', args, { cwd: folder, env })).stdout.trim()
  await mkdir(folder, { recursive: true })
  await git('init', '--quiet', '--initial-branch=main', ...initOptions)
  return {
    folder,
    git,
    async publish(tag, content, file = 'content') {
      await writeFile(path.join(folder, file), content)
      await git('add', '--all')
      await git('commit', '--quiet', '--allow-empty', '--message', `release ${tag}`)
      await git('tag', '--force', '--annotate', '--message', tag, tag)
      return git('rev-parse', 'HEAD')
    },
  }
}
