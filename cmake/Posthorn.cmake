# How a layer is built: posthorn_layer(NAME dep... [LIBS lib...]) makes, from the folder it is called
# in, the library posthorn_NAME of every .cc, the test program NAME_test of every *_test.cc, and a
# fuzz program of each *_fuzz.cc. Sub-folders that are layers of their own call
# it again and are left out with EXCLUDE.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3 REQUIRED)
find_package(ICU 72 REQUIRED COMPONENTS uc i18n data)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(GTest REQUIRED)
find_package(LibXml2 REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(LDAP REQUIRED IMPORTED_TARGET ldap lber)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)

add_library(posthorn_options INTERFACE)
target_compile_options(posthorn_options INTERFACE -Wall -Wextra -Wpedantic -Wthread-safety -Werror
                       -fno-omit-frame-pointer)
target_include_directories(posthorn_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(posthorn_options INTERFACE SPDLOG_FMT_EXTERNAL)
target_link_options(posthorn_options INTERFACE -fuse-ld=lld)
target_link_libraries(posthorn_options INTERFACE Threads::Threads fmt::fmt-header-only)
if(POSTHORN_SANITIZE)
  target_compile_options(posthorn_options INTERFACE -fsanitize=${POSTHORN_SANITIZE}
                         -fno-sanitize-recover=all)
  target_link_options(posthorn_options INTERFACE -fsanitize=${POSTHORN_SANITIZE})
endif()
if(POSTHORN_FUZZ)
  # Every layer, or the fuzzer would see no coverage but its own file's.
  target_compile_options(posthorn_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(posthorn_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Precompiled headers: one with the parts of the standard library that most sources need, and one for test programs that
# has GoogleTest as well. In the presets with sanitizers, test programs and the layers that are not in
# POSTHORN_OPTIMIZED are compiled without optimization, which halves the time that compiling them takes. They have a
# precompiled header of their own, since one serves one level of optimization. The layers in that list are those
# whose tests need more time for running than for compiling. Fuzzers want all of the speed.
# pch.cc is written only if it is not there: a newer one would make everything else out of date.
set(POSTHORN_OPTIMIZED base text message wire async net extract search)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch.cc CONTENT "")
set(standard_headers <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <coroutine> <cstdint> <deque>
                     <expected> <filesystem> <functional> <map> <memory> <mutex> <optional> <set> <span> <string>
                     <string_view> <thread> <unordered_map> <utility> <variant> <vector> <fmt/core.h> <fmt/format.h>)
function(posthorn_precompile name)
  cmake_parse_arguments(ARG "" "" "HEADERS;OPTIONS;LIBS" ${ARGN})
  add_library(${name} STATIC ${CMAKE_BINARY_DIR}/pch.cc)
  target_link_libraries(${name} PRIVATE posthorn_options ${ARG_LIBS})
  target_precompile_headers(${name} PRIVATE ${standard_headers} ${ARG_HEADERS})
  target_compile_options(${name} PRIVATE -Xclang -fno-pch-timestamp ${ARG_OPTIONS})
endfunction()
posthorn_precompile(posthorn_pch)
if(POSTHORN_SANITIZE AND NOT POSTHORN_FUZZ)
  set(plain_pch posthorn_plain_pch)
  set(plain_options -O0)
  posthorn_precompile(${plain_pch} OPTIONS ${plain_options})
else()
  set(plain_pch posthorn_pch)
  set(plain_options)
endif()
posthorn_precompile(posthorn_test_pch HEADERS <gtest/gtest.h> <gmock/gmock.h> OPTIONS ${plain_options}
                    LIBS GTest::gmock GTest::gtest)
# What the linter needs, since it reads the precompiled headers of the build it is shown.
add_custom_target(precompiled_headers DEPENDS posthorn_pch posthorn_test_pch)

function(posthorn_layer name)
  cmake_parse_arguments(ARG "" "" "LIBS;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  foreach(folder ${ARG_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX "^${CMAKE_CURRENT_SOURCE_DIR}/${folder}/")
  endforeach()
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cc$")
  list(TRANSFORM ARG_UNPARSED_ARGUMENTS PREPEND posthorn_ OUTPUT_VARIABLE deps)

  if(sources)
    set(kind PUBLIC)
    add_library(posthorn_${name} STATIC ${sources})
    if(name IN_LIST POSTHORN_OPTIMIZED)
      target_precompile_headers(posthorn_${name} REUSE_FROM posthorn_pch)
      target_compile_options(posthorn_${name} PRIVATE -Xclang -fno-pch-timestamp)
    else()
      target_precompile_headers(posthorn_${name} REUSE_FROM ${plain_pch})
      target_compile_options(posthorn_${name} PRIVATE -Xclang -fno-pch-timestamp ${plain_options})
    endif()
  else()
    set(kind INTERFACE)
    add_library(posthorn_${name} INTERFACE)
  endif()
  target_link_libraries(posthorn_${name} ${kind} posthorn_options ${deps} ${ARG_LIBS})

  if(tests)
    add_executable(${name}_test ${tests})
    target_precompile_headers(${name}_test REUSE_FROM posthorn_test_pch)
    target_compile_options(${name}_test PRIVATE -Xclang -fno-pch-timestamp ${plain_options})
    target_link_libraries(${name}_test PRIVATE posthorn_${name} GTest::gmock GTest::gtest
                          GTest::gtest_main)
    add_test(NAME unit.${name} COMMAND ${name}_test)
    set_tests_properties(unit.${name} PROPERTIES TIMEOUT 900 LABELS unit)
    set_property(GLOBAL APPEND PROPERTY POSTHORN_UNIT_TESTS ${name}_test)
  endif()

  # A fuzz target is a libFuzzer program under the fuzz preset, and elsewhere a test that tries the corpus
  # tests/fuzz/corpus/<target> and mutations of it for some seconds.
  foreach(file ${fuzzers})
    get_filename_component(target ${file} NAME_WE)
    if(POSTHORN_FUZZ)
      add_executable(${target} ${file})
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
      set_property(GLOBAL APPEND PROPERTY POSTHORN_FUZZERS ${target})
    else()
      add_executable(${target} ${file} ${CMAKE_SOURCE_DIR}/tests/fuzz/smoke_main.cc)
      add_test(NAME fuzz.${target} COMMAND ${target} 3 ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${target})
      set_tests_properties(fuzz.${target} PROPERTIES TIMEOUT 120 LABELS fuzz)
    endif()
    target_precompile_headers(${target} REUSE_FROM posthorn_pch)
    target_compile_options(${target} PRIVATE -Xclang -fno-pch-timestamp)
    target_link_libraries(${target} PRIVATE posthorn_${name})
  endforeach()
endfunction()
