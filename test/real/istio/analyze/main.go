// analyze runs all of Istio's analyzers over folders of YAML, in one process, so that reading, the first run and later runs are timed
// apart from starting a process. One JSON document on standard output.
//
//	analyze-bench [-mode full|cli] [-runs N] [-json FILE] FOLDER...
//
// full: every document counts and every analyzer runs. cli: what `istioctl analyze --use-kube=false` does, which passes over Services,
// Namespaces, Nodes, Pods and Secrets.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/log"
)

type report struct {
	Mode       string         `json:"mode"`
	Files      int            `json:"files"`
	Bytes      int            `json:"bytes"`
	ParseMs    float64        `json:"parseMs"`
	ParseError string         `json:"parseError"`
	AnalyzeMs  []float64      `json:"analyzeMs"`
	MedianMs   float64        `json:"analyzeMedianMs"`
	Messages   int            `json:"messages"`
	ByCode     map[string]int `json:"byCode"`
}

func sinceMs(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }

// sources reads the documents of the folders, in the order of their names.
func sources(folders []string) ([]local.ReaderSource, int, error) {
	var found []local.ReaderSource
	size := 0
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
				return err
			}
			content, err := os.ReadFile(path)
			size += len(content)
			found = append(found, local.ReaderSource{Name: path, Reader: strings.NewReader(string(content))})
			return err
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return found, size, nil
}

// load gives the documents to the analyzer. In mode full they come first: what the defaults bring is laid over a source
// that keeps Services, Pods, Namespaces, Nodes and Secrets, which istioctl drops from files.
func load(analyzer *local.IstiodAnalyzer, mode string, documents []local.ReaderSource) error {
	if mode == "cli" {
		if err := analyzer.AddDefaultResources(); err != nil {
			return err
		}
		return analyzer.AddReaderKubeSource(documents)
	}
	return errors.Join(analyzer.AddTestReaderKubeSource(documents), analyzer.AddDefaultResources())
}

func run() error {
	mode := flag.String("mode", "full", "full or cli")
	runs := flag.Int("runs", 5, "how often to analyze")
	messagesTo := flag.String("json", "", "file for the messages")
	flag.Parse()
	quiet := log.DefaultOptions()
	quiet.OutputPaths = []string{"stderr"}
	quiet.SetDefaultOutputLevel(log.OverrideScopeName, log.NoneLevel)
	if err := log.Configure(quiet); err != nil {
		return err
	}
	documents, size, err := sources(flag.Args())
	if err != nil {
		return err
	}
	out := report{Mode: *mode, Files: len(documents), Bytes: size, ByCode: map[string]int{}}
	start := time.Now()
	analyzer := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", "istio-system", nil)
	// A document that cannot be read is told and passed over, as istioctl does.
	if err := load(analyzer, *mode, documents); err != nil {
		out.ParseError, _, _ = strings.Cut(err.Error(), "\n")
	}
	out.ParseMs = sinceMs(start)
	stop := make(chan struct{})
	if err := analyzer.Init(stop); err != nil {
		return err
	}
	var result local.AnalysisResult
	for range *runs {
		start := time.Now()
		if result, err = analyzer.ReAnalyze(stop); err != nil {
			return err
		}
		out.AnalyzeMs = append(out.AnalyzeMs, sinceMs(start))
	}
	if sorted := slices.Sorted(slices.Values(out.AnalyzeMs)); len(sorted) > 0 {
		out.MedianMs = sorted[len(sorted)/2]
	}
	out.Messages = len(result.Messages)
	for _, message := range result.Messages {
		out.ByCode[message.Type.Code()]++
	}
	if *messagesTo != "" {
		content, err := json.Marshal(result.Messages)
		if err != nil {
			return err
		}
		if err := os.WriteFile(*messagesTo, content, 0o644); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
