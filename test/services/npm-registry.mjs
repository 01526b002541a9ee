// The registry that this machine's npm uses: only looked at, with npm itself, never started.
import { run } from './packages.mjs'

export async function probeRegistry() {
  const { stdout: address } = await run('npm', ['config', 'get', 'registry'])
  try {
    await run('npm', ['view', 'bootstrap@5.3.7', 'version', '--fetch-retries=3'], { timeout: 120_000 })
  } catch {
    throw new Error('the npm registry does not answer')
  }
  return { address: address.trim() }
}
