/** Projects to measure with, in a temporary folder: one of few services or of thousands, and Terraform's counterpart. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, type Command } from './measure.js'

/** A folder that is gone when the function has ended. */
export async function inTemporaryFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'deployctl-bench-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A project of so many services, each with one tiny release to be put into a folder of its own. */
export function writeProject(folder: string, services: number): void {
  mkdirSync(join(folder, 'releases', 'v1.0.0'), { recursive: true })
  writeFileSync(join(folder, 'releases', 'v1.0.0', 'hello.txt'), 'hello\n')
  mkdirSync(join(folder, 'srv'), { recursive: true })
  const names = Array.from({ length: services }, (_, index) => `service-${index}`)
  const lines = names.map(
    (name) =>
      `  ${name}:\n    source: tiny\n    version: ^1.0\n    target: { type: directory, path: srv/${name} }\n`,
  )
  writeFileSync(
    join(folder, 'deploy.yaml'),
    `version: 1\nproject: bench\ndefaultEnvironment: local\nsources:\n` +
      `  tiny: { type: directory, path: releases, pattern: 'v{version}' }\n` +
      `services:\n${lines.join('')}environments:\n  local: {}\n`,
  )
}

/** As many resources of Terraform that do nothing, initialised; undefined where Terraform is not installed. */
export function writeTerraform(
  folder: string,
  resources: number,
): ((...words: string[]) => Command) | undefined {
  const directory = join(folder, 'terraform')
  mkdirSync(directory, { recursive: true })
  const blocks = Array.from(
    { length: resources },
    (_, index) => `resource "terraform_data" "r${index}" {\n  input = "v1"\n}\n`,
  )
  writeFileSync(join(directory, 'main.tf'), blocks.join('\n'))
  const command = (...words: string[]): Command => ({
    program: 'terraform',
    words,
    directory,
    env: { CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_CLI_ARGS: '-no-color' },
  })
  return run(command('init')).status === 0 ? command : undefined
}
