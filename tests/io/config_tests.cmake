# Tests of rubus_config; included by tests/io/CMakeLists.txt.
find_package(GTest REQUIRED)
find_library(rapidcheck_library rapidcheck REQUIRED)

add_executable(config_test
  command_line_test.cc config_accounts_test.cc config_parser_test.cc config_peers_test.cc
  config_reader_test.cc config_reload_test.cc
  config_text_test.cc ${CMAKE_SOURCE_DIR}/io/ensure_abort.cc)
target_link_libraries(config_test PRIVATE rubus_config GTest::gtest_main)
add_test(NAME config_test COMMAND config_test)
set_tests_properties(config_test PROPERTIES LABELS unit TIMEOUT 60)

add_executable(config_prop config_language_prop.cc ${CMAKE_SOURCE_DIR}/io/ensure_abort.cc)
target_link_libraries(config_prop PRIVATE rubus_config GTest::gtest_main ${rapidcheck_library})
add_test(NAME config_prop COMMAND config_prop)
set_tests_properties(config_prop PROPERTIES LABELS prop TIMEOUT 300
                     ENVIRONMENT "RC_PARAMS=max_success=2000")

# The command line without a server behind it, to compare verdicts by hand.
add_executable(rubus_config_check config_check_main.cc ${CMAKE_SOURCE_DIR}/io/ensure_abort.cc)
target_link_libraries(rubus_config_check PRIVATE rubus_config)
