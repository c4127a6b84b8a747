#include "run.h"

int main(int argc, char **argv)
{
    return xji_query_main(argc, argv);
}
