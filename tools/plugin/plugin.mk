# The compiler plugin, made by the host's C++ compiler against the plugin headers of $(CC). Included by the Makefile,
# which has checked that those headers are there; defines Plugin (the file) for those who compile with it.

ifneq ($(NeedTools),)

Plugin := $(O)/tools/tidepool-plugin.so
PluginObjects := $(patsubst %,$(O)/%.o,$(sort $(wildcard tools/plugin/*.cc)))

PluginBuildFlags := \
    -std=gnu++17 -O2 -fPIC \
    -fno-rtti -fno-exceptions \
    -Wall -Wextra \
    -isystem $(PluginHeaders)
#   -fno-rtti -fno-exceptions  the compiler is built so, and its classes have no type information to link to
#   -isystem                   warnings in the compiler's headers are not ours

# A plugin works only with the very compiler it was built for: another one, or another version, builds it anew.
PluginMadeFor := $(HOSTCXX) $(PluginBuildFlags) $(subst ',,$(shell $(CC) --version | head -n 1))

.PHONY: plugin-made-for
$(O)/tools/plugin/made-for: plugin-made-for
	@mkdir -p $(@D)
	@printf '%s\n' '$(PluginMadeFor)' | cmp -s - $@ || printf '%s\n' '$(PluginMadeFor)' >$@

# -MD, not -MMD: the compiler's own headers are what the plugin must agree with.
$(PluginObjects): $(O)/%.o: % $(O)/tools/plugin/made-for
	$(call say,HOSTCXX)
	$(Q)$(HOSTCXX) $(PluginBuildFlags) -MD -MP -MF $@.d -c $< -o $@

$(Plugin): $(PluginObjects)
	$(call say,PLUGIN)
	$(Q)$(HOSTCXX) -shared $(PluginObjects) -o $@

-include $(PluginObjects:%=%.d)

endif
