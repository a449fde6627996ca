/* A small program with code, read-only data, data and uninitialised data, linked as user programs are. */
const char *const Text = "read only";
int Initialised = 5;
char Buffer[9000];

void mainCRTStartup(void)
{
    Buffer[Initialised] = Text[0];
    for (;;) {
    }
}
