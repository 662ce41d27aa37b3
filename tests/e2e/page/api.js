// Calls to Carillon from a page.

/** Calls a route and resolves to the body of its answer; fails with the answer's own words when it is a refusal. */
export async function request(accessToken, method, path, body) {
  const response = await fetch(`${import.meta.env.VITE_API_BASE_URL}${path}`, {
    method,
    headers: { Authorization: `Bearer ${accessToken}`, ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  const answer = text && JSON.parse(text);
  if (!response.ok) {
    throw new Error(answer.message);
  }
  return answer;
}
