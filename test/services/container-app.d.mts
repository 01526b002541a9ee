/** Types of container-app.mjs. */
export function compileApp(folder: string): Promise<string>
