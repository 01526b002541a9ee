/**
 * Which token a request goes out with, and where it was found, so that a message can name it. A token in the
 * environment is for the server it was made for: that of github.com is never sent to an enterprise server.
 */
import type { Ports } from '../../../model/ports.js'

export interface GitHubToken {
  readonly value: string
  /** For messages, after "the token in": deploy.yaml, or the name of a variable. */
  readonly from: string
}

export async function findToken(
  written: string | undefined,
  baseUrl: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<GitHubToken | null> {
  if (written !== undefined) {
    const value = (await ports.secrets.reveal(written, signal)).trim()
    return value === '' ? null : { value, from: 'deploy.yaml' }
  }
  for (const name of variablesFor(baseUrl, ports.env)) {
    const value = ports.env[name]?.trim() ?? ''
    if (value !== '') return { value, from: name }
  }
  return null
}

/** In the order and by the rules of GitHub's own command line, and of its workflows. */
function variablesFor(baseUrl: string, env: Ports['env']): readonly string[] {
  const { hostname } = new URL(baseUrl)
  if (hostname === 'api.github.com' || /^api\.[^.]+\.ghe\.com$/.test(hostname))
    return ['GH_TOKEN', 'GITHUB_TOKEN']
  const own = ['GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN']
  // within a workflow of that server, GITHUB_TOKEN is its token
  return env['GITHUB_API_URL']?.replace(/\/$/, '') === baseUrl ? [...own, 'GITHUB_TOKEN'] : own
}
