// Removes from a Docker engine whatever carries a label: containers first, then what they used. For engines that others
// use as well, and for tests that clean up one by one.
import { request } from 'node:http'

/** Kind → how its objects are listed and removed; `key` is the property that names one. */
const kinds = [
  { path: '/containers', list: '/containers/json?all=1&', key: 'Id', query: '?force=1&v=1' },
  { path: '/networks', list: '/networks?', key: 'Id', query: '' },
  { path: '/volumes', list: '/volumes?', key: 'Name', query: '?force=1' },
  { path: '/images', list: '/images/json?', key: 'Id', query: '?force=1' },
]

/** `label` is `name` or `name=value`. */
export async function removeLabelled(socketPath, label) {
  const filters = `filters=${encodeURIComponent(JSON.stringify({ label: [label] }))}`
  for (const { path, list, key, query } of kinds) {
    const found = JSON.parse(await call(socketPath, 'GET', list + filters))
    for (const object of found.Volumes ?? (Array.isArray(found) ? found : []))
      await call(socketPath, 'DELETE', `${path}/${object[key]}${query}`)
  }
}

/** What is gone already is fine. */
function call(socketPath, method, path) {
  return new Promise((resolve, reject) => {
    const question = request({ socketPath, method, path, timeout: 60_000 }, async (answer) => {
      let body = ''
      try {
        for await (const bytes of answer) body += String(bytes)
      } catch (error) {
        return reject(error)
      }
      if (answer.statusCode < 400 || answer.statusCode === 404) resolve(body)
      else reject(new Error(`${method} ${path}: ${answer.statusCode} ${body}`))
    })
    question.once('timeout', () => question.destroy(new Error(`${method} ${path}: no answer`)))
    question.once('error', reject)
    question.end()
  })
}
