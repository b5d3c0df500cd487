exports.backend = async (request, response) => {
  const answer = await fetch(`http://api${request.url}`)
  response.end(await answer.text())
}
