/** Where the pages of the project are read: the one place that knows. */
export const homePage = 'https://github.com/unroot/unroot'

/** The page of a rule; SARIF and rdjson want an absolute URL. */
export const rulePage = (rule: string): string => `${homePage}/blob/main/docs/rules.md#${rule}`
