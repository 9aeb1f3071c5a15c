# SPDX-License-Identifier: Apache-2.0
#
# Writes the named files as byte arrays into one C file; roles.sql is one for itself: cmake -DFILES=a.sql;b.sql -DOUT=x.c -P ...
# Byte arrays, because a string literal may hold only 4,095 characters in portable C.
set(ARRAYS "")
set(TABLE "")
set(COUNT 0)
list(SORT FILES)
foreach(FILE ${FILES})
  get_filename_component(NAME ${FILE} NAME)
  file(READ ${FILE} HEX HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," BYTES "${HEX}")
  string(APPEND ARRAYS "static const unsigned char f${COUNT}[] = {${BYTES}0};\n")
  if(NAME STREQUAL "roles.sql")
    set(ROLES "const char *const sql_roles = (const char *)f${COUNT};\n")
  else()
    string(APPEND TABLE "    {\"${NAME}\", (const char *)f${COUNT}},\n")
  endif()
  math(EXPR COUNT "${COUNT} + 1")
endforeach()
math(EXPR COUNT "${COUNT} - 1") # the table is without roles.sql
file(WRITE ${OUT} "#include \"sql_embed.h\"\n${ARRAYS}const struct sql_file sql_files[] = {\n${TABLE}    {NULL, NULL},\n};\nconst size_t sql_files_count = ${COUNT};\n${ROLES}")
