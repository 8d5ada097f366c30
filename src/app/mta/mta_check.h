#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace posthorn::app {

/// The settings of a Postfix: parameters of main.cf by name, and those of a service in master.cf by
/// "service/type/name", as `postconf` and `postconf -P` print them.
using PostfixSettings = std::map<std::string, std::string, std::less<>>;

/// Reads lines "name = value". Comments and other lines are ignored.
PostfixSettings parse_postconf(std::string_view output);
/// Reads what postfix_lines() returns: the parameters, and the options of "submission".
PostfixSettings parse_postfix_lines(std::string_view lines);

struct PostfixDifference {
  std::string name;
  std::string wanted;
  std::string found;  ///< Empty: it is not set.
};

/// Returns the settings that differ from what is wanted. A list may have more elements than wanted
/// ones, since an operator may use other tables and restrictions too.
std::vector<PostfixDifference> compare_postfix(const PostfixSettings& wanted,
                                               const PostfixSettings& found);

}  // namespace posthorn::app
