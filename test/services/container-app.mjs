// The program of the test images (test/support/containers/app), compiled once a run into one static file that needs
// nothing else in its image.
import { join } from 'node:path'
import { requirePrograms, run } from './packages.mjs'

const sources = ['app.c', 'ask.c', 'websocket.c'].map((name) =>
  join(import.meta.dirname, '..', 'support', 'containers', 'app', name),
)

/** The path of the compiled program. */
export async function compileApp(folder) {
  await requirePrograms({ gcc: 'gcc', '/usr/include/stdio.h': 'libc6-dev' })
  const program = join(folder, 'app')
  await run('gcc', ['-O2', '-static', '-pthread', '-s', '-o', program, ...sources])
  return program
}
