/**
 * Programs that keep caches, logs or settings in `HOME` and fail, or warn at every start, where they cannot. A user without
 * an account has `HOME=/`.
 */
// source: npm docs "cache", "logs-dir" (~/.npm); yarn "global folder"; pnpm "state-dir"; Jupyter "JUPYTER_CONFIG_DIR";
// Streamlit "global config" (~/.streamlit); dotnet "DOTNET_CLI_HOME"; LibreOffice user profile; Chromium user data directory
const needsHome =
  /^(?:npm|npx|yarn|pnpm|pnpx|jupyter\S*|streamlit|soffice|libreoffice|chromium\S*|google-chrome\S*|ansible\S*|helm|kubectl|aws|gcloud|az|mvnw?|gradlew?|sbt|cargo|dvc|mlflow|prefect)$/

/** Whether a program, by its name, wants a home directory that it can write. */
export const wantsHome = (program: string): boolean => needsHome.test(program)

/**
 * Starts that put their environment in order first, which they can't where a `RUN` made it as root.
 * source: docs.astral.sh/uv concepts/projects/sync: `uv run` syncs before it runs; UV_NO_SYNC in its environment variables;
 * astral-sh/uv-docker-example#82
 */
export const isSyncingStart = (line: string): boolean => /^uv\s+run\b(?!.*\s--no-sync\b)/.test(line)
