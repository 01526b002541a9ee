/**
 * Telling an empty repository from a web server that is no git server at all. To git they are the same: whatever a server
 * answers with status 200, be it a login page, passes for a repository of the old, plain kind that has no tags. So when
 * there is nothing where something should be, git is asked to show its talk with the server.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Git, GitRequest } from './git-client.js'

/** How a git server begins, in any version of the protocol. */
const greeting = /packet: .*(# service=git-upload-pack|version [12])/

/** Throws when it was something else that answered. */
export async function expectGitServer(
  url: string,
  git: Git,
  request: GitRequest,
  signal: AbortSignal,
): Promise<void> {
  if (!/^https?:/i.test(url)) return
  const greetings: string[] = []
  const onPacket = (line: string): void => {
    if (greeting.test(line)) greetings.push(line)
  }
  const references = await git(['ls-remote', '--', url], { ...request, onPacket }, signal)
  // one of the plain kind has branches, if no tags
  if (greetings.length > 0 || references.length > 0) return
  const { origin } = new URL(url)
  const says = `${request.what} failed: ${origin} does not answer as a git server does`
  throw new DeployError('SOURCE_GARBAGE', says, {
    hint: 'Check the address; a login page or a proxy may answer in its place. Try: git ls-remote URL',
  })
}
