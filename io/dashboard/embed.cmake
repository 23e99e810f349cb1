# Joins the parts of the dashboard into its one page and writes that as a C++ array.
#
# Usage: cmake -DOUTPUT=dashboard_page.cc -P embed.cmake
# In page.html a line "@name@" stands for the file of that name beside it. The result depends on
# those files alone (no date, no path), so builds are reproducible.
foreach(part page.html page.css words.js parts.js page.js)
  # As hexadecimal digits: CMake would take semicolons and brackets in text for lists.
  file(READ ${CMAKE_CURRENT_LIST_DIR}/${part} bytes HEX)
  if(part STREQUAL page.html)
    set(page "${bytes}")
  else()
    string(HEX "@${part}@\n" mark)
    string(FIND "${page}" "${mark}" place)
    if(place EQUAL -1)
      message(FATAL_ERROR "page.html has no line @${part}@")
    endif()
    string(REPLACE "${mark}" "${bytes}" page "${page}")
  endif()
endforeach()
string(LENGTH "${page}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(................................................................)" "\\1\n"
       page "${page}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," page "${page}")
file(WRITE ${OUTPUT}.new "// Made by io/dashboard/embed.cmake.
#include \"io/dashboard.h\"

namespace rubus::io {

const std::size_t dashboard_size = ${size};
const unsigned char dashboard_bytes[] = {
${page}};

}  // namespace rubus::io
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
