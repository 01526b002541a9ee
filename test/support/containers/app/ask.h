/* A client inside a container: looks a name up at the engine's DNS for each request, and says what became of it. */
int ask(int words, char **word);
