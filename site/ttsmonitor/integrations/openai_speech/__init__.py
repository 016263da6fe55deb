"""Speech by the API of OpenAI, for programs that know it."""
